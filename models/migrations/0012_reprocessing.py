from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0011_recovery_codes')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Reprocessing',
            fields=[
                ('name', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ('version', fields.IntField()),
                ('position', fields.CharField(null=True, max_length=40)),
                ('everything', fields.BooleanField(default=False, db_default=False)),
                ('is_paused', fields.BooleanField(default=False, db_default=False)),
                ('started_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'reprocessing', 'app': 'models', 'pk_attr': 'name', 'table_description': 'How far one kind of work has gone through all files, from the newest to the oldest.'},
            bases=['Model'],
        ),
        # A column with a constant default: no engine rewrites the table.
        ops.AddField(
            model_name='Derivative',
            name='version',
            field=fields.IntField(default=0, db_default=0),
        ),
        # What it walked through is part of the walk through sizes.
        ops.DeleteModel(name='Backfill'),
    ]

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0009_sharing_by_email')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Backfill',
            fields=[
                ('name', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ('position', fields.CharField(max_length=40)),
            ],
            options={'table': 'backfill', 'app': 'models', 'pk_attr': 'name', 'table_description': 'How far a backfill has come.'},
            bases=['Model'],
        ),
        # Neither column has a default, so no engine rewrites the table.
        ops.AddField(
            model_name='Blob',
            name='blurhash',
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name='File',
            name='blurhash',
            field=fields.CharField(null=True, max_length=64),
        ),
        # The running server probes what was probed before, a little at a time.
        ops.RunSQL(
            sql="INSERT INTO backfill (name, position) SELECT 'blurhash', '' WHERE EXISTS (SELECT 1 FROM blob WHERE probed)",
            reverse_sql="DELETE FROM backfill WHERE name = 'blurhash'",
        ),
    ]

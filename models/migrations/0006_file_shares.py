from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0005_limits')]

    initial = False

    operations = [
        ops.CreateModel(
            name='FileShare',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('file', fields.ForeignKeyField('models.File', source_field='file_id', db_constraint=True, to_field='id', related_name='shares', on_delete=OnDelete.CASCADE)),
                ('account', fields.ForeignKeyField('models.User', source_field='account_id', db_constraint=True, to_field='id', related_name='shares', on_delete=OnDelete.CASCADE)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'file_share', 'app': 'models', 'unique_together': (('file_id', 'account_id'),), 'indexes': [Index(fields=['account_id', 'file_id'])], 'pk_attr': 'id', 'table_description': 'One account that may read one file. It goes with either of them.'},
            bases=['Model'],
        ),
    ]

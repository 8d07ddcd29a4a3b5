from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0006_file_shares')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AuditRecord',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('account_id', fields.CharField(max_length=40)),
                ('operation', fields.CharField(max_length=32)),
                ('file_id', fields.CharField(max_length=40)),
                ('owner_id', fields.CharField(max_length=40)),
                ('request_id', fields.CharField(null=True, max_length=128)),
            ],
            options={'table': 'audit_record', 'app': 'models', 'indexes': [Index(fields=['file_id', 'id']), Index(fields=['account_id', 'id'])], 'pk_attr': 'id', 'table_description': 'One access to one file. No foreign keys: it outlives account and file.'},
            bases=['Model'],
        ),
    ]

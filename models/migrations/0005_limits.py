from tortoise import migrations
from tortoise.migrations import operations as ops
from models.columns import BytewiseText
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0004_accounts')]

    initial = False

    operations = [
        ops.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('owner', fields.ForeignKeyField('models.User', source_field='owner_id', db_constraint=True, to_field='id', related_name='idempotency_keys', on_delete=OnDelete.CASCADE)),
                ('key', BytewiseText(max_length=255)),
                ('holder', fields.CharField(max_length=32)),
                ('held_until', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('fingerprint', fields.CharField(null=True, max_length=64)),
                ('file_ids', fields.TextField(null=True, unique=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'idempotency_key', 'app': 'models', 'unique_together': (('owner_id', 'key'),), 'indexes': [Index(fields=['created_at'])], 'pk_attr': 'id', 'table_description': 'A key that an account has sent with an upload.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Upload',
            name='reserved_bytes',
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Upload',
            name='reserved_until',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name='Upload',
            index=Index(fields=['owner_id']),
        ),
        ops.AddField(
            model_name='User',
            name='quota_bytes',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='User',
            name='quota_files',
            field=fields.BigIntField(null=True),
        ),
    ]

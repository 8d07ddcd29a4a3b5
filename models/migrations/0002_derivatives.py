from tortoise import migrations
from tortoise.migrations import operations as ops
from models.columns import BytewiseText
from models.derivative import DerivativeKind, DerivativeState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Derivative',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ('blob', fields.ForeignKeyField('models.Blob', source_field='blob_id', db_constraint=True, to_field='key', related_name='derivatives', on_delete=OnDelete.RESTRICT)),
                ('spec', fields.CharField(max_length=64)),
                ('kind', fields.CharEnumField(description='PREVIEW: preview\nTEXT: text\nANALYSIS: analysis', enum_type=DerivativeKind, max_length=16)),
                ('parameters', fields.TextField(unique=False)),
                ('state', fields.CharEnumField(description='PENDING: pending\nREADY: ready\nFAILED: failed', enum_type=DerivativeState, max_length=16)),
                ('claim', fields.CharField(max_length=32)),
                ('claimed_until', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('key', fields.CharField(null=True, max_length=32)),
                ('sha256', fields.CharField(null=True, max_length=64)),
                ('mime_type', BytewiseText(null=True, max_length=127)),
                ('size', fields.BigIntField(null=True)),
                ('width', fields.IntField(null=True)),
                ('height', fields.IntField(null=True)),
                ('failure', fields.CharField(null=True, max_length=16)),
                ('message', fields.TextField(null=True, unique=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'derivative', 'app': 'models', 'unique_together': (('blob_id', 'spec'),), 'indexes': [Index(fields=['key'])], 'pk_attr': 'id', 'table_description': 'One result for a blob and the digest of a specification, or why there is none.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Blob',
            name='duration',
            field=fields.FloatField(null=True),
        ),
        ops.AddField(
            model_name='Blob',
            name='height',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='Blob',
            name='probed',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name='Blob',
            name='width',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='File',
            name='declared_type',
            field=BytewiseText(null=True, max_length=127),
        ),
        ops.AddField(
            model_name='File',
            name='duration',
            field=fields.FloatField(null=True),
        ),
        ops.AddField(
            model_name='File',
            name='height',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='File',
            name='width',
            field=fields.IntField(null=True),
        ),
        # What the server still has to look at, found without reading the others.
        ops.RunSQL(
            sql="CREATE INDEX idx_blob_unprobed ON blob (created_at, key) WHERE NOT probed",
            reverse_sql="DROP INDEX idx_blob_unprobed",
        ),
    ]

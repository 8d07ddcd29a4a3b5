from tortoise import migrations
from tortoise.migrations import operations as ops
from models.columns import BytewiseText
from models.file import Visibility
from models.user import UserKind
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='User',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ('kind', fields.CharEnumField(description='GUEST: guest\nUSER: user\nADMINISTRATOR: administrator', enum_type=UserKind, max_length=16)),
                ('disabled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('files_count', fields.BigIntField(default=0, db_default=0)),
                ('bytes_used', fields.BigIntField(default=0, db_default=0)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'user_account', 'app': 'models', 'pk_attr': 'id', 'table_description': 'An account with its running totals, changed in the same transaction as its files.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Blob',
            fields=[
                ('key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ('owner', fields.ForeignKeyField('models.User', source_field='owner_id', db_constraint=True, to_field='id', related_name='blobs', on_delete=OnDelete.RESTRICT)),
                ('sha256', fields.CharField(max_length=64)),
                ('size', fields.BigIntField()),
                ('refs', fields.IntField(default=1, db_default=1)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'blob', 'app': 'models', 'pk_attr': 'key', 'table_description': 'Immutable bytes under a random key that is never reused.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='File',
            fields=[
                ('id', BytewiseText(primary_key=True, unique=True, db_index=True, max_length=40)),
                ('owner', fields.ForeignKeyField('models.User', source_field='owner_id', db_constraint=True, to_field='id', related_name='files', on_delete=OnDelete.RESTRICT)),
                ('blob', fields.ForeignKeyField('models.Blob', source_field='blob_id', db_constraint=True, to_field='key', related_name='files', on_delete=OnDelete.RESTRICT)),
                ('filename', BytewiseText(max_length=255)),
                ('filename_folded', fields.TextField(unique=False)),
                ('description', fields.TextField(null=True, unique=False)),
                ('tags', fields.TextField(unique=False)),
                ('visibility', fields.CharEnumField(description='PRIVATE: private\nSHARED: shared\nPUBLIC: public', enum_type=Visibility, max_length=16)),
                ('mime_type', BytewiseText(max_length=127)),
                ('size', fields.BigIntField()),
                ('sha256', fields.CharField(max_length=64)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'file', 'app': 'models', 'indexes': [Index(fields=['owner_id', 'created_at', 'id']), Index(fields=['owner_id', 'updated_at', 'id']), Index(fields=['owner_id', 'filename', 'id']), Index(fields=['owner_id', 'size', 'id']), Index(fields=['owner_id', 'mime_type', 'id']), Index(fields=['visibility', 'created_at', 'id']), Index(fields=['blob_id'])], 'pk_attr': 'id', 'table_description': 'A file of an owner.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='FileTag',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('file', fields.ForeignKeyField('models.File', source_field='file_id', db_constraint=True, to_field='id', related_name='file_tags', on_delete=OnDelete.CASCADE)),
                ('owner_id', fields.CharField(max_length=40)),
                ('name', BytewiseText(max_length=64)),
            ],
            options={'table': 'file_tag', 'app': 'models', 'unique_together': (('file_id', 'name'),), 'indexes': [Index(fields=['owner_id', 'name', 'file_id'])], 'pk_attr': 'id', 'table_description': 'One tag of one file, for finding files by tag.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Upload',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ('owner', fields.ForeignKeyField('models.User', source_field='owner_id', db_constraint=True, to_field='id', related_name='uploads', on_delete=OnDelete.RESTRICT)),
                ('key', fields.CharField(max_length=32)),
                ('abandoned', fields.BooleanField(default=False, db_default=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'upload', 'app': 'models', 'indexes': [Index(fields=['created_at'])], 'pk_attr': 'id', 'table_description': 'A reserved key. Its row goes in the transaction that makes the file, or when it is swept.'},
            bases=['Model'],
        ),
        # One live blob per owner and content. SQL, because Tortoise refuses conditional unique
        # constraints on SQLite; both engines take this statement.
        ops.RunSQL(
            sql="CREATE UNIQUE INDEX uq_blob_live_content ON blob (owner_id, sha256) WHERE refs > 0",
            reverse_sql="DROP INDEX uq_blob_live_content",
        ),
        ops.RunSQL(
            sql="CREATE INDEX idx_blob_dead ON blob (key) WHERE refs = 0",
            reverse_sql="DROP INDEX idx_blob_dead",
        ),
    ]

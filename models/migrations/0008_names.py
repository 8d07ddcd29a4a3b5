from tortoise import migrations
from tortoise.migrations import operations as ops

# Parts of names are found by trigrams, owner by owner. Both extensions come with PostgreSQL and are trusted:
# whoever may create in the database may have them. Where that is not allowed, names are walked as before.
_POSTGRES = """
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE EXTENSION IF NOT EXISTS btree_gin;
    CREATE INDEX idx_file_names ON file USING gin (owner_id, filename_folded gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR undefined_object THEN
    RAISE WARNING 'names are searched without an index: %', SQLERRM;
END $$
"""
# SQLite looks at every name; in an index of nothing else they are a third of the pages.
_SQLITE = "CREATE INDEX idx_file_names ON file (owner_id, filename_folded, id)"


async def index_names(_apps: object, editor: object) -> None:
    postgres = editor.client.capabilities.dialect == "postgres"
    await editor.client.execute_script(_POSTGRES if postgres else _SQLITE)


async def drop_names(_apps: object, editor: object) -> None:
    await editor.client.execute_script("DROP INDEX IF EXISTS idx_file_names")


class Migration(migrations.Migration):
    dependencies = [('models', '0007_audit')]

    initial = False

    operations = [ops.RunPython(index_names, drop_names)]

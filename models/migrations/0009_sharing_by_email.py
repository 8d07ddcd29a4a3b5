from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

# The letters A to Z alone, whatever the locale, as folded_email has it.
_LOWERED = {"postgres": 'LOWER(email COLLATE "C")', "sqlite": "LOWER(email)"}


async def fold_addresses(_apps: object, editor: object) -> None:
    lowered = _LOWERED[editor.client.capabilities.dialect]
    await editor.client.execute_script(f"UPDATE user_account SET email_folded = {lowered}")


async def keep_as_it_is(_apps: object, _editor: object) -> None:
    """The column goes."""


class Migration(migrations.Migration):
    dependencies = [('models', '0008_names')]

    initial = False

    operations = [
        ops.AddField(
            model_name='FileShare',
            name='email',
            field=fields.CharField(null=True, max_length=320),
        ),
        ops.AddField(
            model_name='User',
            name='email_folded',
            field=fields.CharField(null=True, max_length=320),
        ),
        ops.RunPython(fold_addresses, keep_as_it_is),
        ops.AddIndex(
            model_name='User',
            index=Index(fields=['email_folded']),
        ),
    ]

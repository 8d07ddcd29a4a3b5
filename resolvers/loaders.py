"""Data loaders: what a list could ask n times is asked once per request and level."""

from strawberry.dataloader import DataLoader

from auth.policy import Operation
from auth.viewer import Viewer
from models.file import StoredFile
from models.share import Share
from services.accounts.accounts import Account
from services.application import Application
from services.derivatives.analyses import Analysis
from services.derivatives.previews import Preview
from services.derivatives.texts import ExtractedText


class Loaders:
    """The loaders of one request; they see what its caller may see."""

    def __init__(self, application: Application, viewer: Viewer) -> None:
        async def load_files(ids: list[str]) -> list[StoredFile | None]:
            return await application.files.get_many(viewer, ids)

        async def load_accounts(ids: list[str]) -> list[Account | None]:
            return await application.accounts.by_ids(ids)

        async def load_previews(files: list[StoredFile]) -> list[list[Preview]]:
            return await application.previews.of_files(files)

        async def load_texts(files: list[StoredFile]) -> list[ExtractedText | None]:
            return await application.texts.of_files(files)

        async def load_analyses(files: list[StoredFile]) -> list[Analysis | None]:
            return await application.analyses.of_files(files)

        async def load_shares(files: list[StoredFile]) -> list[list[Share] | None]:
            return await application.shares.of_files(viewer, files)

        async def audit_signed(files: list[StoredFile]) -> list[None]:
            await application.audit.record(viewer, Operation.SIGN_LINKS, files)
            return [None] * len(files)

        self.files: DataLoader[str, StoredFile | None] = DataLoader(load_files)
        self.accounts: DataLoader[str, Account | None] = DataLoader(load_accounts)
        self.previews: DataLoader[StoredFile, list[Preview]] = DataLoader(
            load_previews, cache_key_fn=_id
        )
        self.texts: DataLoader[StoredFile, ExtractedText | None] = DataLoader(
            load_texts, cache_key_fn=_id
        )
        self.analyses: DataLoader[StoredFile, Analysis | None] = DataLoader(
            load_analyses, cache_key_fn=_id
        )
        self.signed: DataLoader[StoredFile, None] = DataLoader(audit_signed, cache_key_fn=_id)
        # Kept for no longer than a level takes: the next mutation of the document may change them.
        self.shares: DataLoader[StoredFile, list[Share] | None] = DataLoader(
            load_shares, cache=False
        )


def _id(file: StoredFile) -> str:
    return file.id

"""Data loaders: what a list could ask n times is asked once per request and level."""

from strawberry.dataloader import DataLoader

from auth.viewer import Viewer
from models.file import StoredFile
from services.accounts import Account
from services.application import Application


class Loaders:
    """The loaders of one request; they see what its caller may see."""

    def __init__(self, application: Application, viewer: Viewer) -> None:
        async def load_files(ids: list[str]) -> list[StoredFile | None]:
            return await application.files.get_many(viewer, ids)

        async def load_accounts(ids: list[str]) -> list[Account | None]:
            return await application.accounts.by_ids(ids)

        self.files: DataLoader[str, StoredFile | None] = DataLoader(load_files)
        self.accounts: DataLoader[str, Account | None] = DataLoader(load_accounts)

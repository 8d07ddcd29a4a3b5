"""Which storage a server has, by its settings."""

from pathlib import Path
from urllib.parse import unquote

from core.settings import Settings, SettingsError
from services.library import require_objects
from storage.base import Storage, StorageError
from storage.filesystem import FilesystemStorage
from storage.memory import MemoryStorage


def storage_of(settings: Settings, *, create: bool = True) -> Storage:
    """Return the storage that ``settings`` name; a folder is made only with ``create``.

    Raises:
        SettingsError: There is none, or there can be none.
    """
    try:
        return _opened(settings, create=create)
    except StorageError as error:
        place = settings.storage_url or f"file://{settings.data_dir}"
        raise SettingsError(f"MEDIA_STORAGE_URL={place}: {error}") from error


def _opened(settings: Settings, *, create: bool) -> Storage:
    if settings.storage_url.startswith("s3:"):
        # Its libraries take half a second to load, which a server with a folder need not wait.
        from storage.object_store import ObjectStorage  # noqa: PLC0415

        return ObjectStorage(
            settings.storage_url,
            max_bytes=settings.max_upload_bytes,
            public_endpoint=settings.s3_public_endpoint,
        )
    if settings.storage_url.startswith("memory:"):
        return MemoryStorage()
    path = unquote(settings.storage_url.removeprefix("file://"))
    folder = Path(path) if path else settings.data_dir
    if not create:
        require_objects(folder)
    return FilesystemStorage(folder)

"""The server's own secret, made at the first start."""

import os
import secrets
from pathlib import Path

from core.setting_values import MIN_SECRET_BYTES
from core.settings import SettingsError

_NAME = "secret.key"
_MODE = 0o600


def load_or_create_secret(folder: Path) -> str:
    """Return the secret kept in ``folder`` (mode 600), making it when there is none.

    Two starts at once agree: the file appears complete or not at all.

    Raises:
        SettingsError: The file there is too short to be a secret.
    """
    path = folder / _NAME
    if not path.exists():
        _publish(path, secrets.token_urlsafe(48))
    return load_secret(folder)


def load_secret(folder: Path) -> str:
    """Return the secret kept in ``folder``.

    Raises:
        SettingsError: There is none, or it is too short.
    """
    path = folder / _NAME
    if not path.exists():
        raise SettingsError(
            f"there is no secret at {path.absolute()}: set MEDIA_SECRET_KEY,"
            " or MEDIA_DATA_DIR to the folder of the server"
        )
    secret = path.read_text(encoding="ascii").strip()
    if len(secret) < MIN_SECRET_BYTES:
        raise SettingsError(f"{path} is too short to be a secret; delete it to get a new one")
    return secret


def _publish(path: Path, secret: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{_NAME}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another start was first; its secret is the one
    finally:
        draft.unlink()

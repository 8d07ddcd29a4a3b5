"""OLE containers: whether one is an office file under a password ([MS-CFB], [MS-OFFCRYPTO])."""

from pathlib import Path
from typing import Final

from processing.analyses.result import Parts
from processing.task import MIB, Failure, ProcessingError, Source

_SIGNATURE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_NAME: Final = "EncryptedPackage\0".encode("utf-16-le")
_ENTRY: Final = _NAME.ljust(64, b"\0") + len(_NAME).to_bytes(2, "little")
"""How the directory entry of that stream begins ([MS-CFB] 2.6.1: name, then its length)."""


def parts(source: Source) -> Parts:
    """Say of an OLE container whether it is encrypted ([MS-OFFCRYPTO] 2.3.4); else nothing."""
    try:
        found = _holds_encrypted_package(source.path)
    except OSError as error:
        raise ProcessingError(Failure.FAILED, "The file cannot be read.") from error
    if found is not None:
        yield {"encrypted": found}


def _holds_encrypted_package(path: str) -> bool | None:
    with Path(path).open("rb") as file:
        if file.read(len(_SIGNATURE)) != _SIGNATURE:
            return None
        tail = b""
        while chunk := file.read(MIB):
            if _ENTRY in tail + chunk:
                return True
            tail = chunk[-len(_ENTRY) :]
    return False

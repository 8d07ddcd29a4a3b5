"""Signed addresses of a file's bytes: one file, one operation, until a time.

Whoever has one may do what it says without a token; see ``auth.signing`` for what ends it.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from auth.policy import Operation
from auth.signing import MAX_LIFETIME, MIN_LIFETIME, LinkSigner, invalid_link, version_of
from auth.viewer import Viewer
from core.errors import NotFoundError, ValidationFailedError
from models.file import StoredFile
from services.access.access import Access
from services.files.files import Files
from storage.base import StoredObject

DEFAULT_LIFETIME = 3600


class SignedOperation(StrEnum):
    """What a signed address lets its bearer do; the last part of its path."""

    DOWNLOAD = "download"
    STREAM = "stream"


class ContentDisposition(StrEnum):
    """Whether a browser is to save a file or to show it (RFC 6266, section 4.2)."""

    ATTACHMENT = "attachment"
    INLINE = "inline"


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """Which address is asked for; without a disposition, downloads are saved and streams shown.

    Raises:
        ValidationFailedError: ``expires_in``, in seconds, is less than a minute or over 7 days.
    """

    operation: SignedOperation = SignedOperation.DOWNLOAD
    expires_in: int = DEFAULT_LIFETIME
    disposition: ContentDisposition | None = None

    def __post_init__(self) -> None:
        if not MIN_LIFETIME <= self.expires_in <= MAX_LIFETIME:
            raise ValidationFailedError(
                f"expires_in must be {MIN_LIFETIME} to {MAX_LIFETIME} seconds (7 days)."
            )

    @property
    def shown_as(self) -> ContentDisposition:
        """The disposition asked for, or the operation's own."""
        if self.disposition is not None:
            return self.disposition
        saved = self.operation is SignedOperation.DOWNLOAD
        return ContentDisposition.ATTACHMENT if saved else ContentDisposition.INLINE


@dataclass(frozen=True, slots=True)
class SignedLink:
    """A signed address: its path below the server's own, and its expiry in Unix time."""

    operation: SignedOperation
    path: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class SignedAddress:
    """What somebody brings who claims to have a signed address."""

    file_id: str
    operation: SignedOperation
    disposition: ContentDisposition
    expires_at: int
    signature: str


@dataclass(frozen=True, slots=True)
class OpenLink:
    """What a signed address gives: the file, and its opened bytes, which must be closed."""

    file: StoredFile
    stored: StoredObject


class Links:
    """Makes signed addresses, and opens what they name."""

    def __init__(self, files: Files, access: Access, signer: LinkSigner) -> None:
        self._files = files
        self._access = access
        self._signer = signer

    async def create(self, viewer: Viewer, file_id: str, wanted: LinkRequest) -> SignedLink:
        """Return a signed address of a file; errors as ``sign``, and if there is no such file."""
        file = await self._files.find(file_id, viewer)
        allowed = await self._access.allow(viewer, Operation.SIGN_LINKS, file)
        return self._signed(allowed, wanted)

    def sign(self, viewer: Viewer, file: StoredFile, wanted: LinkRequest) -> SignedLink:
        """Return a signed address of a file that was found; nothing is read, written or audited.

        Raises:
            UnauthenticatedError: Nobody is signed in.
            NotFoundError: The file is hidden from ``viewer``.
            ForbiddenError: The caller may read the file but not change it.
        """
        self._access.policy.authorize(viewer, Operation.SIGN_LINKS, file)
        return self._signed(file, wanted)

    async def find(self, address: SignedAddress) -> StoredFile:
        """Return the file that a signed address names, to whoever has it.

        Raises:
            ForbiddenError: The address has expired, was altered, or the file is not what it was.
        """
        file = await self._files.find(address.file_id)
        if file is None or not self._holds(address, file):
            raise invalid_link()
        return file

    async def open(self, address: SignedAddress) -> OpenLink:
        """Return what a signed address names, opened, to whoever has it.

        Raises:
            ForbiddenError: As ``find``.
            UnavailableError: The storage does not answer, or has lost the bytes.
        """
        file = await self.find(address)
        try:
            return OpenLink(file, await self._files.open_found(file))
        except NotFoundError:
            raise invalid_link() from None

    def _holds(self, address: SignedAddress, file: StoredFile) -> bool:
        facts = _facts(file, address.operation, address.disposition)
        return self._signer.holds(address.signature, address.expires_at, *facts)

    def _signed(self, file: StoredFile, wanted: LinkRequest) -> SignedLink:
        expires = self._signer.expiry_after(wanted.expires_in)
        facts = _facts(file, wanted.operation, wanted.shown_as)
        query = {
            "disposition": wanted.shown_as.value,
            "expires": expires,
            "signature": self._signer.sign(expires, *facts),
        }
        path = f"/v1/media/files/{file.id}/{wanted.operation.value}?{urlencode(query)}"
        return SignedLink(wanted.operation, path, expires)


def _facts(
    file: StoredFile, operation: SignedOperation, disposition: ContentDisposition
) -> tuple[str, ...]:
    return (operation.value, *version_of(file), disposition.value)

"""Previews: small pictures of files, made once and served from signed addresses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from auth.policy import Policy
from auth.signing import LinkSigner, invalid_link, version_of
from auth.viewer import Viewer
from core.errors import NotFoundError, UnauthenticatedError
from models.derivative import DerivativeKind
from models.file import StoredFile
from processing.kinds import PREVIEWED, kind_of
from processing.task import TaskName
from services.derivatives.derivatives import Derivatives
from services.derivatives.making import Producer, Product
from services.derivatives.preview_request import PreviewRequest
from services.derivatives.processor import Processor, Subject
from services.derivatives.rows import StoredDerivative
from services.derivatives.temporary_files import closed_on_failure
from services.files.files import Files
from storage.base import StoredObject


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview that is there; ``path`` is its signed address below the server's own.

    ``expires_at`` is in seconds of Unix time, width and height are in pixels, size in bytes.
    """

    request: PreviewRequest
    path: str
    expires_at: int
    mime_type: str
    size: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class OpenPreview:
    """An opened preview of a file.

    ``settled_until`` is when a signed URL that always gives these bytes expires, in seconds of Unix
    time. It is None without a signed URL, and while a newer preview is being made.
    """

    file: StoredFile
    derivative: StoredDerivative
    stored: StoredObject
    settled_until: int | None


class Previews:
    """Makes, finds and opens previews."""

    def __init__(
        self, files: Files, derivatives: Derivatives, processor: Processor, signer: LinkSigner
    ) -> None:
        self._files = files
        self._derivatives = derivatives
        self._processor = processor
        self._signer = signer

    async def create(
        self, viewer: Viewer, file_id: str, wanted: PreviewRequest, *, retry: bool = False
    ) -> Preview:
        """Return a preview of a file that ``viewer`` may read, made now if it is not there.

        Raises:
            UnauthenticatedError, NotFoundError: As ``Files.get``.
            And what ``Derivatives.obtain`` raises.
        """
        if retry:
            Policy.require_account(viewer)
        file = await self._files.get(viewer, file_id)
        return self._preview(file, await self._obtain(file, wanted, retry=retry))

    async def open(self, viewer: Viewer, file_id: str, wanted: PreviewRequest) -> OpenPreview:
        """Return the opened preview; errors as ``create``."""
        return await self._open(await self._files.get(viewer, file_id), wanted, None)

    async def open_link(
        self, file_id: str, wanted: PreviewRequest, expires: int, signature: str
    ) -> OpenPreview:
        """Return the preview that a signed address names.

        Raises:
            ForbiddenError: The address has expired, was altered, or the file is not what it was.
            And what ``Derivatives.obtain`` raises.
        """
        file = await self._files.find(file_id)
        if file is None or not self._signer.holds(signature, expires, *_facts(file, wanted)):
            raise invalid_link()
        try:
            return await self._open(file, wanted, expires)
        except (NotFoundError, UnauthenticatedError):
            raise invalid_link() from None

    def link(self, file: StoredFile, wanted: PreviewRequest) -> str | None:
        """Return the signed address of a preview, made when it is first asked for.

        None for a type that has no preview. Nothing is read or written.
        """
        return self._path(file, wanted)[0] if kind_of(file.mime_type) in PREVIEWED else None

    async def of_files(self, files: Iterable[StoredFile]) -> list[list[Preview]]:
        """Return the previews that are there for each file, in one statement."""
        every = list(files)
        found = await self._derivatives.ready(
            (file.blob_id for file in every), DerivativeKind.PREVIEW
        )
        return [
            [self._preview(file, each) for each in found[file.blob_id] if _shows(each, file)]
            for file in every
        ]

    def maker(self, file: StoredFile, parameters: Mapping[str, Any]) -> Producer:
        """Return what makes the preview of ``file`` that a specification's parameters name."""
        wanted = PreviewRequest.of(parameters)
        subject = Subject(file.blob_id, *parameters["source"])

        async def produce() -> Product:
            made = await self._processor.run(TaskName.PREVIEW, subject, wanted.task())
            with closed_on_failure(made.output):
                width, height = wanted.dimensions(made.result)
            return Product(made.output, wanted.mime_type, width, height)

        return produce

    async def _open(
        self, file: StoredFile, wanted: PreviewRequest, expires: int | None
    ) -> OpenPreview:
        found = await self._obtain(file, wanted, retry=False)
        derivative, stored = await self._derivatives.open(found)
        is_outdated = derivative.version < wanted.specification(file).version
        return OpenPreview(file, derivative, stored, None if is_outdated else expires)

    async def _obtain(
        self, file: StoredFile, wanted: PreviewRequest, *, retry: bool
    ) -> StoredDerivative:
        specification = wanted.specification(file)
        produce = self.maker(file, specification.parameters)
        return await self._derivatives.obtain(file, specification, produce, retry=retry)

    def _preview(self, file: StoredFile, derivative: StoredDerivative) -> Preview:
        wanted = PreviewRequest.of(derivative.parameters)
        path, expires = self._path(file, wanted)
        return Preview(
            request=wanted,
            path=path,
            expires_at=expires,
            mime_type=derivative.mime_type,
            size=derivative.size,
            width=derivative.width or 0,
            height=derivative.height or 0,
        )

    def _path(self, file: StoredFile, wanted: PreviewRequest) -> tuple[str, int]:
        expires = self._signer.expiry()
        query = {
            "format": wanted.format.value,
            "size": wanted.size.value,
            "type": wanted.type.value,
            "v": wanted.specification(file).revision,  # so that caches ask for what is newer
            "expires": expires,
            "signature": self._signer.sign(expires, *_facts(file, wanted)),
        }
        return f"/v1/media/files/{file.id}/preview?{urlencode(query)}", expires


def _facts(file: StoredFile, wanted: PreviewRequest) -> tuple[str, ...]:
    """Return what an address is bound to: the version of the file, and the preview."""
    request = (wanted.format.value, wanted.size.value, wanted.type.value)
    return ("preview", *version_of(file), *request)


def _shows(derivative: StoredDerivative, file: StoredFile) -> bool:
    subject = Subject.of(file)
    return bool(derivative.parameters["source"] == [subject.content_type, subject.name])

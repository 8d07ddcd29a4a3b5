"""Analyses: what a file is, and what it tells of itself."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import orjson

from auth.policy import Policy
from auth.viewer import Viewer
from models.derivative import DerivativeKind
from models.file import StoredFile
from processing.identify import agrees
from processing.task import Failure, ProcessingError, TaskName
from services.derivatives.derivatives import Derivatives
from services.derivatives.making import Producer, Product
from services.derivatives.probing import Prober
from services.derivatives.processor import Processor, Subject
from services.derivatives.rows import Specification, StoredDerivative
from services.derivatives.temporary_files import closed_on_failure
from services.files.files import Files

_JSON: Final = "application/json"


class AnalysisKind(StrEnum):
    """The parts of an analysis."""

    FILE_TYPE = "file_type"
    CONTENT_TYPE = "content_type"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a file is: the name of its format, its content type, and what docs/analysis.md lists."""

    file_type: str
    content_type: str
    metadata: dict[str, Any]


class Analyses:
    """Makes, keeps and finds analyses."""

    def __init__(
        self, files: Files, derivatives: Derivatives, processor: Processor, prober: Prober
    ) -> None:
        self._files = files
        self._prober = prober
        self._derivatives = derivatives
        self._processor = processor

    async def analyze(self, viewer: Viewer, file_id: str, *, retry: bool = False) -> Analysis:
        """Return the analysis of a file that ``viewer`` may read, made now if it is not there.

        Raises:
            UnauthenticatedError, NotFoundError: As ``Files.get``.
            And what ``Derivatives.obtain`` raises.
        """
        if retry:
            Policy.require_account(viewer)
        file = await self._files.get(viewer, file_id)
        wanted = _wanted(file)
        produce = self.maker(file, wanted.parameters)
        found = await self._derivatives.obtain(file, wanted, produce, retry=retry)
        await self._prober.settle(file)
        return await self._read(file, found)

    def maker(self, file: StoredFile, parameters: Mapping[str, Any]) -> Producer:
        """Return what makes the analysis of ``file`` that a specification's parameters name."""
        subject = Subject(file.blob_id, *parameters["source"])

        async def produce() -> Product:
            made = await self._processor.run(TaskName.ANALYZE, subject, {})
            with closed_on_failure(made.output):
                _parsed(await asyncio.to_thread(made.output.read))
                made.output.seek(0)
            return Product(made.output, _JSON)

        return produce

    async def of_files(self, files: Iterable[StoredFile]) -> list[Analysis | None]:
        """Return the analysis of each file, None where none was made."""
        every = list(files)
        found = await self._derivatives.ready(
            (file.blob_id for file in every), DerivativeKind.ANALYSIS
        )
        return await asyncio.gather(*(self._of_file(file, found[file.blob_id]) for file in every))

    async def _of_file(
        self, file: StoredFile, derivatives: Iterable[StoredDerivative]
    ) -> Analysis | None:
        parameters = _wanted(file).parameters
        fitting = [each for each in derivatives if each.parameters == parameters]
        return await self._read(file, fitting[-1]) if fitting else None

    async def _read(self, file: StoredFile, derivative: StoredDerivative) -> Analysis:
        found = _parsed(await self._derivatives.read(derivative))
        return replace(found, metadata=found.metadata | _declared(file))


def _wanted(file: StoredFile) -> Specification:
    subject = Subject.of(file)
    return Specification(DerivativeKind.ANALYSIS, {"source": [subject.content_type, subject.name]})


def _declared(file: StoredFile) -> dict[str, Any]:
    """Return what the client said that it sent, which is the file's and not the blob's."""
    if file.declared_type is None:
        return {}
    return {
        "declared_type": file.declared_type,
        "declared_type_matches": agrees(file.declared_type, file.mime_type),
    }


def _parsed(raw: bytes) -> Analysis:
    """Return the analysis that a worker wrote; ``ProcessingError`` if it has another shape."""
    try:
        told = orjson.loads(raw)
        kinds = [type(told[part.value]) for part in AnalysisKind]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        kinds = []
    if kinds != [str, str, dict]:
        raise ProcessingError(Failure.FAILED, "The analysis came out wrong.")
    return Analysis(told["file_type"], told["content_type"], told["metadata"])

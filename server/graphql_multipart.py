"""The ``operations`` and ``map`` parts of a GraphQL multipart request, validated and bound.

GraphQL multipart request specification, https://github.com/jaydenseric/graphql-multipart-request-spec,
version 2, without batches. Pure functions of bytes; whatever those hold, the only error is
BadMultipartError, whose message says what to change.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from core.errors import BadMultipartError
from edge.request import MAX_JSON_BYTES

MAX_FILES = 100
"""The most files that one request may make, unless the caller says otherwise: paths in ``map``."""

_SHOWN_CHARACTERS = 60
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")  # GraphQL specification (2025), section 2.1.9
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def parse_operations(raw: bytes) -> dict[str, Any]:
    """Return the GraphQL request in ``operations``: a JSON object in which files are null.

    Raises:
        BadMultipartError: It is over 1 MB, not JSON (RFC 8259, in UTF-8, at most 1,024 levels
            deep, numbers within a double) or not an object.
    """
    operations = _parse_json("operations", raw)
    if isinstance(operations, list):
        raise BadMultipartError(
            "operations is a list, but batching is off: send each operation in its own request."
        )
    if not isinstance(operations, dict):
        raise BadMultipartError(
            f"operations must be a JSON object with query and variables, not {_kind(operations)}."
        )
    return operations


def parse_map(raw: bytes, max_files: int = MAX_FILES) -> dict[str, list[str]]:
    """Return which paths, such as ``variables.file``, the file of each named part fills.

    ``UploadMap`` checks the paths.

    Raises:
        BadMultipartError: It is over 1 MB, not JSON, or not an object of non-empty names, each
            once, to non-empty lists of strings; or its lists hold more than ``max_files`` paths.
    """
    names = _parse_json("map", raw)
    if not isinstance(names, dict):
        raise BadMultipartError(
            f'map must be a JSON object such as {{"0": ["variables.file"]}}, not {_kind(names)}.'
        )
    paths = {name: _paths(name, value) for name, value in names.items()}
    count = sum(map(len, paths.values()))
    if count > max_files:
        raise BadMultipartError(f"map holds {count} paths; at most {max_files} are allowed.")
    _refuse_repeated_names(raw)
    return paths


class UploadMap:
    """The places in ``operations`` where the files go, each filled once.

    ``operations`` is bound, not copied: ``place`` writes into it. ``names`` are the expected part
    names in the order of the map, ``count`` is how many places there are in all.

    Raises:
        BadMultipartError: A path does not start with ``variables.``, does not lead to a null in
            ``operations``, or is used twice.
    """

    def __init__(self, operations: dict[str, Any], paths: Mapping[str, Sequence[str]]) -> None:
        self.names = tuple(paths)
        self.count = sum(map(len, paths.values()))
        _refuse_repeated_paths(path for several in paths.values() for path in several)
        self._open = {
            name: [_slot(operations, path) for path in several] for name, several in paths.items()
        }

    def uses(self, name: str) -> int:
        """Return how many places the part ``name`` fills.

        Raises:
            BadMultipartError: The map does not name the part, or it came before.
        """
        return len(self._slots(name))

    def place(self, name: str, values: Sequence[object]) -> None:
        """Put ``values``, as many as ``uses`` says, where the map sends the part ``name``.

        Raises:
            BadMultipartError: The map does not name the part, or it came before.
        """
        for (container, key), value in zip(self._slots(name), values, strict=True):
            container[key] = value
        del self._open[name]

    def missing(self) -> tuple[str, ...]:
        """Return the names of the parts that have not been placed, in the order of the map."""
        return tuple(self._open)

    def _slots(self, name: str) -> list[tuple[Any, str | int]]:
        if name not in self.names:
            raise BadMultipartError(
                f"The file part {_shown(name)} is not in map: add it there or leave it out."
            )
        if name not in self._open:
            raise BadMultipartError(f"The file part {_shown(name)} came twice: send it once.")
        return self._open[name]


def _parse_json(part: str, raw: bytes) -> object:
    if len(raw) > MAX_JSON_BYTES:
        raise BadMultipartError(
            f"{part} has {len(raw)} bytes; at most {MAX_JSON_BYTES} are allowed."
        )
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadMultipartError(f"{part} is not valid JSON: {error}.") from error


def _paths(name: str, paths: object) -> list[str]:
    if not name:
        raise BadMultipartError("map has an empty file name: name each file part.")
    if not isinstance(paths, list) or not paths or not all(isinstance(p, str) for p in paths):
        raise BadMultipartError(
            f'map must give {_shown(name)} a list of one or more paths, such as ["variables.file"].'
        )
    return paths


def _refuse_repeated_paths(paths: Iterable[str]) -> None:
    seen: set[str] = set()
    for path in paths:
        if path in seen:
            raise BadMultipartError(
                f"map uses the path {_shown(path)} twice: a variable takes one file."
            )
        seen.add(path)


def _refuse_repeated_names(raw: bytes) -> None:
    """Refuse a name that the map has twice, where orjson keeps the last and drops the first."""
    seen: set[str] = set()
    try:
        pairs = json.loads(raw, object_pairs_hook=list)
    except RecursionError:  # under a name that is repeated; the last one was flat
        raise BadMultipartError("map is nested too deeply: give each name a list.") from None
    for name, _ in pairs:
        if name in seen:
            raise BadMultipartError(f"map names the file part {_shown(name)} twice.")
        seen.add(name)


def _slot(operations: dict[str, Any], path: str) -> tuple[Any, str | int]:
    """Return the container and the key of the null that ``path`` leads to."""
    first, *rest = path.split(".")
    if first != "variables" or not rest:
        raise BadMultipartError(f"The path {_shown(path)} in map must start with variables.")
    container: Any = operations
    key = _key(container, first, path)
    for segment in rest:
        container = container[key]
        key = _key(container, segment, path)
    if container[key] is not None:
        raise BadMultipartError(
            f"The path {_shown(path)} in map leads to {_kind(container[key])}: "
            "put null there in operations."
        )
    return container, key


def _key(container: object, segment: str, path: str) -> str | int:
    """Return ``segment`` as a key that ``container`` has."""
    if isinstance(container, list):
        if not _INDEX.fullmatch(segment):
            raise BadMultipartError(
                f"The path {_shown(path)} in map needs a list index such as 0, "
                f"not {_shown(segment)}."
            )
        if int(segment) < len(container):
            return int(segment)
    elif isinstance(container, dict) and _NAME.fullmatch(segment) and segment in container:
        return segment
    raise BadMultipartError(
        f"The path {_shown(path)} in map leads nowhere: operations has no {_shown(segment)} there."
    )


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")


def _shown(text: str) -> str:
    """Return ``text`` quoted, its control characters escaped, and short enough for a message."""
    return repr(text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…")

"""The ``operations`` and ``map`` parts of a GraphQL multipart request, validated and bound.

GraphQL multipart request specification, https://github.com/jaydenseric/graphql-multipart-request-spec,
version 2, narrowed: no batches, and a file is used once. Pure functions of bytes; whatever those
hold, the only error is BadMultipartError, whose message says what to change.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import orjson

from core.errors import BadMultipartError
from streaming.request import MAX_JSON_BYTES

MAX_FILES = 100
"""The most files in one request, unless the caller says otherwise."""

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


def parse_map(raw: bytes, max_files: int = MAX_FILES) -> dict[str, str]:
    """Return which path each file goes to: names of file parts to paths like ``variables.file``.

    The paths are not looked at; ``UploadMap`` does that.

    Raises:
        BadMultipartError: It is over 1 MB, not JSON, or not an object of non-empty names, each
            once, to lists of one string; or it names more than ``max_files`` files.
    """
    names = _parse_json("map", raw)
    if not isinstance(names, dict):
        raise BadMultipartError(
            f'map must be a JSON object such as {{"0": ["variables.file"]}}, not {_kind(names)}.'
        )
    if len(names) > max_files:
        raise BadMultipartError(f"map names {len(names)} files; at most {max_files} are allowed.")
    paths = {name: _only_path(name, value) for name, value in names.items()}
    _refuse_repeated_names(raw)
    return paths


class UploadMap:
    """The places in ``operations`` where the files go, each filled once.

    ``operations`` is bound, not copied: ``place`` writes into it. ``names`` are the expected part
    names in the order of the map.

    Raises:
        BadMultipartError: A path does not start with ``variables.``, does not lead to a null in
            ``operations``, or is used twice.
    """

    def __init__(self, operations: dict[str, Any], paths: Mapping[str, str]) -> None:
        self.names = tuple(paths)
        self._open: dict[str, tuple[Any, str | int]] = {}
        taken: set[str] = set()
        for name, path in paths.items():
            if path in taken:
                raise BadMultipartError(
                    f"map uses the path {_shown(path)} twice: give each file a path of its own."
                )
            taken.add(path)
            self._open[name] = _slot(operations, path)

    def place(self, name: str, value: object) -> None:
        """Put ``value`` where the map sends the part ``name``.

        Raises:
            BadMultipartError: The map does not name the part, or it came before.
        """
        if name not in self.names:
            raise BadMultipartError(
                f"The file part {_shown(name)} is not in map: add it there or leave it out."
            )
        if name not in self._open:
            raise BadMultipartError(f"The file part {_shown(name)} came twice: send it once.")
        container, key = self._open.pop(name)
        container[key] = value

    def missing(self) -> tuple[str, ...]:
        """Return the names of the parts that have not been placed, in the order of the map."""
        return tuple(self._open)


def _parse_json(part: str, raw: bytes) -> object:
    if len(raw) > MAX_JSON_BYTES:
        raise BadMultipartError(
            f"{part} has {len(raw)} bytes; at most {MAX_JSON_BYTES} are allowed."
        )
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadMultipartError(f"{part} is not valid JSON: {error}.") from error


def _only_path(name: str, paths: object) -> str:
    if not name:
        raise BadMultipartError("map has an empty file name: name each file part.")
    if not isinstance(paths, list) or not paths or not all(isinstance(p, str) for p in paths):
        raise BadMultipartError(
            f"map must give {_shown(name)} a list with its path, such as "
            '["variables.file"], not ' + _kind(paths) + "."
        )
    if len(paths) > 1:
        raise BadMultipartError(
            f"map gives {_shown(name)} {len(paths)} paths, but a file may be used once: "
            "send it again as another part."
        )
    return str(paths[0])


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

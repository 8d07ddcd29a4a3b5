"""OLE containers ([MS-CFB]) by the streams at their top: old office files, mail, installers."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from processing.identification.sample import Sample

_MAGIC: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_ENTRY_BYTES: Final = 128
_MAX_SECTORS: Final = 16
_MAX_STEPS: Final = 128
_LAST_SECTOR: Final = 0xFFFFFFFA
_STORAGES_AND_STREAMS: Final = frozenset({1, 2, 5})
_CONTAINER: Final = "application/x-ole-storage"

_PROGRAMS: Final = {
    bytes.fromhex("0609020000000000c000000000000046"): "application/msword",
    bytes.fromhex("0009020000000000c000000000000046"): "application/msword",
    bytes.fromhex("2008020000000000c000000000000046"): "application/vnd.ms-excel",
    bytes.fromhex("1008020000000000c000000000000046"): "application/vnd.ms-excel",
    bytes.fromhex("108d81649b4fcf1186ea00aa00b929e8"): "application/vnd.ms-powerpoint",
    bytes.fromhex("0b0d020000000000c000000000000046"): "application/vnd.ms-outlook",
    bytes.fromhex("84100c0000000000c000000000000046"): "application/x-msi",
    bytes.fromhex("86100c0000000000c000000000000046"): "application/x-msi",
    bytes.fromhex("141a020000000000c000000000000046"): "application/vnd.visio",
    bytes.fromhex("131a020000000000c000000000000046"): "application/vnd.visio",
    bytes.fromhex("0112020000000000c000000000000046"): "application/x-mspublisher",
}
"""The class of the root, as the program that wrote it is registered."""

_STREAMS: Final = (
    (re.compile(r"__properties_version1\.0|__nameid_version1\.0"), "application/vnd.ms-outlook"),
    (re.compile(r"PowerPoint Document|PP40|PP97_DUALSTORAGE"), "application/vnd.ms-powerpoint"),
    (re.compile(r"WordDocument"), "application/msword"),
    (re.compile(r"Workbook|Book|WORKBOOK|BOOK"), "application/vnd.ms-excel"),
    (re.compile(r"VisioDocument"), "application/vnd.visio"),
    (re.compile(r"Quill|EscherStm|EscherDelayStm"), "application/x-mspublisher"),
    (re.compile(r" {3}1[0-9]{2}|Props(9|12|14)?"), "application/vnd.ms-project"),
    (re.compile(r"MatOST|SPELLING|WksSSWorkBook"), "application/vnd.ms-works"),
    (re.compile(r"HwpSummaryInformation|\x05HwpSummaryInformation"), "application/x-hwp"),
    (re.compile("\u4840.*"), "application/x-msi"),
)
"""Streams that only one program writes, the surest first."""


class _Entry(NamedTuple):
    name: str
    left: int
    right: int
    child: int


def find(sample: Sample) -> str | None:
    """Return the type of an OLE container by its streams; None for anything else."""
    if not sample.head.startswith(_MAGIC):
        return None
    directory = _directory(sample)
    entries = _entries(directory)
    names = list(_at_top(entries)) or [entry.name for entry in entries if entry]
    for pattern, kind in _STREAMS:
        if any(pattern.fullmatch(name) for name in names):
            return kind
    return _PROGRAMS.get(directory[80:96], _CONTAINER)


def _directory(sample: Sample) -> bytes:
    """Return the directory: 16 sectors of it at most, as far as they are known."""
    shift = sample.u16(30, "little")
    size = 1 << (shift if shift in {9, 12} else 9)
    sector, found = sample.u32(48, "little"), b""
    for _ in range(_MAX_SECTORS):
        data = sample.at((sector + 1) * size, size)
        found += data
        following = _following(sample, sector, size)
        if len(data) < size or following >= _LAST_SECTOR:
            break
        sector = following
    return found


def _following(sample: Sample, sector: int, size: int) -> int:
    """Return the next sector of a chain: by the table if that is in the head, else the next one."""
    table, place = divmod(sector, size // 4)
    number = sample.head[76 + 4 * table : 80 + 4 * table] if table < 109 else b""  # noqa: PLR2004 - [MS-CFB] 2.2
    at = (int.from_bytes(number, "little") + 1) * size + 4 * place
    entry = sample.head[at : at + 4] if number else b""
    return int.from_bytes(entry, "little") if len(entry) == 4 else sector + 1  # noqa: PLR2004 - 32 bits


def _entries(directory: bytes) -> list[_Entry | None]:
    """Return the entries by their number (section 2.6.1); None for those that are not in use."""
    return [
        _entry(directory[at : at + _ENTRY_BYTES])
        for at in range(0, len(directory) - _ENTRY_BYTES + 1, _ENTRY_BYTES)
    ]


def _entry(data: bytes) -> _Entry | None:
    length = int.from_bytes(data[64:66], "little")
    if data[66] not in _STORAGES_AND_STREAMS or not 2 <= length <= 64:  # noqa: PLR2004 - with its zero
        return None
    name = data[: length - 2].decode("utf-16-le", "replace")
    left, right, child = (int.from_bytes(data[at : at + 4], "little") for at in (68, 72, 76))
    return _Entry(name, left, right, child)


def _at_top(entries: list[_Entry | None]) -> Iterator[str]:
    """Yield the names of the root's children, not those of files that are embedded deeper."""
    root = entries[0] if entries else None
    waiting, seen = [root.child] if root else [], set[int]()
    while waiting and len(seen) < _MAX_STEPS:
        number = waiting.pop()
        entry = entries[number] if number < len(entries) and number not in seen else None
        seen.add(number)
        if entry:
            yield entry.name
            waiting += (entry.left, entry.right)

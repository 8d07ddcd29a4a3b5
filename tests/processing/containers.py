"""Small containers, put together box by box and part by part."""

import io
import struct
import zipfile


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def file_type(major: bytes, *compatible: bytes) -> bytes:
    return box(b"ftyp", major, bytes(4), *compatible)


def track(handler: bytes) -> bytes:
    described = box(b"hdlr", bytes(8), handler, bytes(13))
    return box(b"trak", box(b"tkhd", bytes(84)), box(b"mdia", box(b"mdhd", bytes(24)), described))


def movie(*handlers: bytes) -> bytes:
    return box(b"moov", box(b"mvhd", bytes(100)), *(track(handler) for handler in handlers))


def element(name: str, *content: bytes) -> bytes:
    body = b"".join(content)
    return bytes.fromhex(name) + struct.pack(">Q", len(body) | 1 << 56) + body


def matroska(doc_type: bytes, *track_types: int, before: bytes = b"") -> bytes:
    tracks = (
        element("ae", element("d7", b"\1"), element("83", bytes([one]))) for one in track_types
    )
    segment = element("18538067", before, element("1654ae6b", *tracks), element("1f43b675"))
    return element("1a45dfa3", element("4282", doc_type)) + segment


def ogg(*packets: bytes) -> bytes:
    pages = (b"OggS\0\2" + bytes(20) + b"\1" + bytes([len(packet)]) + packet for packet in packets)
    return b"".join(pages) + b"OggS\0\0" + bytes(21)


ASF_AUDIO = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")


def asf(*streams: bytes) -> bytes:
    stream_properties = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
    objects = b"".join(
        stream_properties + struct.pack("<Q", 24 + 54) + kind + bytes(38) for kind in streams
    )
    head = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
    return head + struct.pack("<QIH", 30 + len(objects), len(streams), 0x0201) + objects


def tiff(tags: dict[int, int | bytes], order: str = "<") -> bytes:
    """Return a TIFF whose first image has these tags: numbers as SHORT, bytes as ASCII."""
    entries, values = b"", b""
    start = 8 + 2 + 12 * len(tags) + 4
    for tag, value in sorted(tags.items()):
        if isinstance(value, int):
            entries += struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0)
        else:
            entries += struct.pack(f"{order}HHII", tag, 2, len(value), start + len(values))
            values += value
    mark = b"II" if order == "<" else b"MM"
    head = mark + struct.pack(f"{order}HI", 42, 8) + struct.pack(f"{order}H", len(tags))
    return head + entries + bytes(4) + values


def zipped(*parts: tuple[str, bytes], packed: bool = True) -> bytes:
    buffer = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return buffer.getvalue()


def content_types(main: str, part: str) -> bytes:
    kind = f'<Override PartName="/{part}" ContentType="{main}"/>'
    return f'<Types><Default Extension="xml" ContentType="application/xml"/>{kind}</Types>'.encode()


def compound(*streams: str, behind: int = 0, clsid: bytes = bytes(16)) -> bytes:
    """Return an OLE container with these streams at its top, its directory behind some sectors."""
    none = 0xFFFFFFFF
    head = (
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6)
    )
    head += bytes(10) + struct.pack("<II", 1, behind) + bytes(24)
    head += b"\xff" * (512 - len(head))
    entries = [_entry("Root Entry", 5, none, 1 if streams else none, clsid)]
    for number, name in enumerate(streams, 1):
        following = number + 1 if number < len(streams) else none
        entries.append(_entry(name, 2, following, none))
    return head + bytes(512 * behind) + b"".join(entries).ljust(2048, b"\0")


def _entry(name: str, kind: int, right: int, child: int, clsid: bytes = bytes(16)) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    links = struct.pack("<III", 0xFFFFFFFF, right, child)
    return (
        encoded.ljust(64, b"\0")
        + struct.pack("<HBB", len(encoded), kind, 1)
        + links
        + clsid
        + bytes(32)
    )

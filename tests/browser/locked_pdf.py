"""A PDF that asks for a password (ISO 32000-1, 7.6: the standard security handler, revision 2)."""

import hashlib
from typing import Final

_PAD: Final = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
_ID: Final = b"0123456789abcdef"
_PERMISSIONS: Final = -4


def locked_pdf(password: str) -> bytes:
    """Return a PDF of one empty page that ``password`` opens."""
    padded = (password.encode() + _PAD)[:32]
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)  # noqa: S324 - what the format asks for
    permissions = _PERMISSIONS.to_bytes(4, "little", signed=True)
    seed = padded + owner + permissions + _ID
    user = _rc4(hashlib.md5(seed).digest()[:5], _PAD)  # noqa: S324 - what the format asks for
    return _document(owner.hex(), user.hex())


def _document(owner: str, user: str) -> bytes:
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]>>",
        f"<</Filter/Standard/V 1/R 2/O<{owner}>/U<{user}>/P {_PERMISSIONS}>>",
    )
    body, table = "%PDF-1.4\n", "0000000000 65535 f \n"
    for number, content in enumerate(objects, 1):
        table += f"{len(body):010} 00000 n \n"
        body += f"{number} 0 obj\n{content}\nendobj\n"
    size = len(objects) + 1
    trailer = f"<</Size {size}/Root 1 0 R/Encrypt 4 0 R/ID[<{_ID.hex()}><{_ID.hex()}>]>>"
    end = f"xref\n0 {size}\n{table}trailer\n{trailer}\nstartxref\n{len(body)}\n%%EOF\n"
    return (body + end).encode()


def _rc4(key: bytes, data: bytes) -> bytes:
    box = list(range(256))
    swap = 0
    for index in range(256):
        swap = (swap + box[index] + key[index % len(key)]) % 256
        box[index], box[swap] = box[swap], box[index]
    out, first, second = bytearray(), 0, 0
    for byte in data:
        first = (first + 1) % 256
        second = (second + box[first]) % 256
        box[first], box[second] = box[second], box[first]
        out.append(byte ^ box[(box[first] + box[second]) % 256])
    return bytes(out)

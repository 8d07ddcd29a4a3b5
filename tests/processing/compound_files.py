"""OLE containers for tests, and the old office files in them."""

import base64
import struct
import zlib
from typing import Final

Tree = dict[str, "bytes | Tree"]

_SECTOR: Final = 512
_LEAST: Final = 4096
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def compound(tree: Tree) -> bytes:
    """Return a container of streams and storages ([MS-CFB]); streams are filled up with zeros."""
    sectors = bytearray()
    chains: list[int] = []
    entries: list[bytes] = []

    def store(data: bytes) -> int:
        first, count = len(chains), -(-len(data) // _SECTOR)
        chains.extend([*range(first + 1, first + count), _END])
        sectors.extend(data.ljust(count * _SECTOR, b"\0"))
        return first

    def add(name: str, content: bytes | Tree, kind: int, right: int) -> int:
        child, start, size = _FREE, 0, 0
        if isinstance(content, dict):
            for inner, value in reversed(content.items()):
                child = add(inner, value, 1 if isinstance(value, dict) else 2, child)
        else:
            padded = content.ljust(_LEAST, b"\0")
            start, size = store(padded), len(padded)
        raw = name.encode("utf-16-le") + b"\0\0"
        entry = raw.ljust(64, b"\0") + struct.pack(
            "<HBBIII", len(raw), kind, 1, _FREE, right, child
        )
        entries.append(entry + b"\0" * 36 + struct.pack("<IQ", start, size))
        return len(entries) - 1

    add("Root Entry", tree, 5, _FREE)
    last = len(entries) - 1
    ordered = [entries[last], *entries[:last]]  # the root comes first: the others move by one
    directory = store(b"".join(_moved(entry) for entry in ordered))
    chains.append(_FAT)
    table = struct.pack(f"<{len(chains)}I", *chains).ljust(_SECTOR, b"\xff")
    head = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16
    head += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, directory, 0, _LEAST,
                        _END, 0, _END, 0, len(chains) - 1)  # fmt: skip
    return head.ljust(_SECTOR, b"\xff") + bytes(sectors) + table


def _moved(entry: bytes) -> bytes:
    links = (link if link == _FREE else link + 1 for link in struct.unpack_from("<III", entry, 68))
    return entry[:68] + struct.pack("<III", *links) + entry[80:]


def word(body: str, notes: str = "", *, flags: int = 0x0200, version: int = 0xC1) -> bytes:
    """Return a Word 97 document: its body in one byte a character, its notes in two."""
    main = bytearray(1024)
    struct.pack_into("<HH", main, 0, 0xA5EC, version)
    struct.pack_into("<H", main, 0x0A, flags)
    struct.pack_into("<2i", main, 0x4C, len(body), len(notes))
    pieces = struct.pack("<3I", 0, len(body), len(body) + len(notes))
    pieces += struct.pack("<HIH", 0, 1024 * 2 | 0x40000000, 0)
    pieces += struct.pack("<HIH", 0, 1024 + len(body), 0)
    table = b"\1" + struct.pack("<H", 2) + b"??" + b"\2" + struct.pack("<I", len(pieces)) + pieces
    struct.pack_into("<II", main, 0x1A2, 0, len(table))
    text = body.encode("cp1252") + notes.encode("utf-16-le")
    return compound({"WordDocument": bytes(main) + text, "1Table": table})


def slides(*shown: tuple[str, str]) -> bytes:
    """Return a PowerPoint 97 file: of each slide a text in its outline, and one of its own."""
    records, places = b"", []
    for _, own in shown:
        places.append(len(records))
        box = _record(0xF00D, _record(4000, own.encode("utf-16-le")), inner=True)
        records += _record(1006, box, inner=True)
    listed = b"".join(
        _record(1011, struct.pack("<IIiII", number + 2, 0, 1, 256 + number, 0))
        + _record(4008, outlined.encode("latin-1"))
        for number, (outlined, _) in enumerate(shown)
    )
    places.insert(0, len(records))
    records += _record(1000, _record(4080, listed, inner=True), inner=True)
    directory = len(records)
    entry = struct.pack(f"<I{len(places)}I", len(places) << 20 | 1, *places)
    records += _record(6002, entry)
    edit = len(records)
    records += _record(4085, struct.pack("<IIIIIII", 0, 0, 0, directory, 1, 0, 0))
    user = _record(4086, struct.pack("<III", 20, 0xE391C05F, edit))
    return compound({"PowerPoint Document": records, "Current User": user})


def _record(kind: int, data: bytes, *, inner: bool = False) -> bytes:
    return struct.pack("<HHI", 0xF if inner else 0, kind, len(data)) + data


def message(properties: dict[str, str], attached: Tree | None = None) -> Tree:
    """Return the tree of an Outlook message by its properties' numbers."""
    streams: Tree = {
        f"__substg1.0_{number}001F": value.encode("utf-16-le")
        for number, value in properties.items()
    }
    return {"__properties_version1.0": b"", **streams, **(attached or {})}


WORKBOOK: Final = zlib.decompress(
    base64.b85decode(
        "".join(
            """
            c-rk)O=uHA6#izjn?I5?NmHQ}N+?*h7D2ptX}1ctCu7xvB7&yP3Z-pY*7Q&hTCF(>f+xjGr5?Ogz4(J36ngL
            =wCF()ghY>?qzWF|tZ!a+C2b=#pn;VAmU;8$&6}CG^WOaIE-%Fjb5Gie*nnPmP_hE>R>%aUfK!Nq>McvMPVT
            2<xo9W^{NzZlhL_=YKIud0?;;dDR^Jc>zEC=cNu(ySMzW4L!ZxIZw4q0+6nhHpQHr3I?TRxUX4=g35$nEU+Q
            *WcOnXSTAkJb*Pjwx#<M@oy!F3U$0?)Y3Czc#Q3*O2&zIscPbu}C|N77^4rJ`L8VIJh`0V8XevK+$$gn-Qc<
            TxQYO(-BikuZ;+RucH(Ecw?-S6*Ma0Lg!?m;3%A_mdl|$pZ*(lHXQTU<TF&A>%)fFpjITMnk_jHImEI!dTH{
            (0Fmm7&eXEDs|u?1(`@Ql^!>!esS`mF-AMaRQ8f#WP|c};O!*3ZaWF{A`21Cpo#eyFSRI{y!!C_`(s0c`gxY
            j@DWlzXm&{xVd0u=L5(9^qcD|LbTPk=>2>aPC-ZGg6Z9&ScMi7LO#dwF+~C?y8s{M6gTA|h-$Q)<+llAx`LF
            t3;ui*rmlF#g^*MCVG-jy1d}h%ty2af)5-)To7xtF)nQ7~$?a8l1ZQCvTG;P8fg3QL4mP-nigsm?&=wDHSEQ
            {m*q5==iiL|HLp2cNdQ~bP9${u=^IG*x!^;I0<_3)ASLmSmcqN<Oi2G1(0&8iC*E?l^9;lf3OK-iaR`(jTwv
            GRq`XaCn(qf~N#lWbd@!~{J#`n)@eEafJqYl@#8(1g>M*kT*!f1$)_8r{SwhS-kLn&X!)^rG^8w%joK@0L)l
            <Cki&^FNRO8~?xzbp
            """.split()  # noqa: SIM905 - it is one word
        )
    )
)
"""A workbook of xlwt 1.3: "Fruit" with a date, a percentage and a truth, and a hidden sheet."""

"""Formats that begin with bytes of their own.

``SURE`` signatures hold bytes that no text has, or are long; ``IN_BINARY`` ones are words that a
text may begin with, and count only in a file that is not text.
"""

import re
from typing import Final

from processing.identification.sample import Sample

SURE: Final = (
    (0, b"\xff\xd8\xff\xf7", "image/jls"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (0, b"\xff\x4f\xff\x51", "image/j2c"),
    (0, b"II\xbc", "image/jxr"),
    (0, b"\x76\x2f\x31\x01", "image/x-exr"),
    (0, b"\xabKTX 11\xbb\r\n\x1a\n", "image/ktx"),
    (0, b"\xabKTX 20\xbb\r\n\x1a\n", "image/ktx2"),
    (0, b"BPG\xfb", "image/bpg"),
    (0, b"\xd7\xcd\xc6\x9a", "image/wmf"),
    (0, b"\1\0\x09\0\0\3", "image/wmf"),
    (40, b" EMF\0\0\1\0", "image/emf"),
    (0, b"IIRO", "image/x-olympus-orf"),
    (0, b"IIRS", "image/x-olympus-orf"),
    (0, b"MMOR", "image/x-olympus-orf"),
    (0, b"IIU\0", "image/x-panasonic-rw2"),
    (0, b"II\x1a\0\0\0HEAPCCDR", "image/x-canon-crw"),
    (0, b"\0MRM", "image/x-minolta-mrw"),
    (0, b"FUJIFILMCCD-RAW", "image/x-fujifilm-raf"),
    (0, b"#?RADIANCE\n", "image/vnd.radiance"),
    (0, b"#?RGBE\n", "image/vnd.radiance"),
    (0, b"SIMPLE  =                    T", "image/fits"),
    (0, b"gimp xcf ", "image/x-xcf"),
    (0, b"AT&TFORM", "image/vnd.djvu"),
    (128, b"DICM", "application/dicom"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"%!PS", "application/postscript"),
    (0, b"\x04%!PS", "application/postscript"),
    (0, b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\xffWPC", "application/vnd.wordperfect"),
    (0, b"\0\0\2\0\6\4\6\0", "application/vnd.lotus-1-2-3"),
    (0, b"\0\0\x1a\0", "application/vnd.lotus-1-2-3"),
    (0, b"\x09\x08\x10\0\0\6\5\0", "application/vnd.ms-excel"),
    (0, b"\x09\x08\x08\0\0\5\5\0", "application/vnd.ms-excel"),
    (0, b"\x09\4\6\0\0\0\x10\0", "application/vnd.ms-excel"),
    (0, b"\xdb\xa5\x2d\0", "application/msword"),
    (0, b"\x31\xbe\0\0\0\xab", "application/x-mswrite"),
    (0, b"\x32\xbe\0\0\0\xab", "application/x-mswrite"),
    (0, b"!BDN", "application/vnd.ms-outlook"),
    (0, b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    (0, bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3"), "application/onenote"),
    (0, bytes.fromhex("0606edf5d81d46e5bd31efe7fe74b71d"), "application/x-indesign"),
    (60, b"BOOKMOBI", "application/x-mobipocket-ebook"),
    (0, b"\0\1\0\0Standard Jet DB\0", "application/x-msaccess"),
    (0, b"\0\1\0\0Standard ACE DB\0", "application/x-msaccess"),
    (0, b".RMF\0", "application/vnd.rn-realmedia"),
    (0, b".ra\xfd", "audio/vnd.rn-realaudio"),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", "application/mxf"),
    (0, b"FLV\1", "video/x-flv"),
    (0, b"\x1f\7\0", "video/x-dv"),
    (0, b"DKIF\0\0", "video/x-ivf"),
    (0, b"caff\0\1\0\0", "audio/x-caf"),
    (0, b"#!AMR-WB", "audio/amr-wb"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"MThd\0\0\0\6", "audio/midi"),
    (0, b"DSD \x1c\0\0\0", "audio/x-dsf"),
    (0, b"FRM8", "audio/x-dff"),
    (0, b"Creative Voice File\x1a", "audio/x-voc"),
    (0, b"Extended Module: ", "audio/x-xm"),
    (44, b"SCRM", "audio/x-s3m"),
    (1080, b"M.K.", "audio/x-mod"),
    (1080, b"M!K!", "audio/x-mod"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"Rar!\x1a\7", "application/vnd.rar"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"\x37\xa4\x30\xec", "application/zstd"),
    (0, b"\x04\x22\x4d\x18", "application/x-lz4"),
    (0, b"\x02\x21\x4c\x18", "application/x-lz4"),
    (0, b"LZIP\1", "application/x-lzip"),
    (0, b"\x1f\x9d", "application/x-compress"),
    (0, b"\x1f\xa0", "application/x-compress"),
    (0, b"MSCF\0\0\0\0", "application/vnd.ms-cab-compressed"),
    (0, b"ISc(", "application/vnd.ms-cab-compressed"),
    (0, b"\x60\xea", "application/x-arj"),
    (7, b"**ACE**", "application/x-ace-compressed"),
    (0, b"StuffIt (c)", "application/x-stuffit"),
    (0, b"StuffIt!", "application/x-stuffit"),
    (0, b"\xc7\x71", "application/x-cpio"),
    (0, b"\x71\xc7", "application/x-cpio"),
    (0, b"!<arch>\ndebian", "application/vnd.debian.binary-package"),
    (0, b"!<arch>\n", "application/x-archive"),
    (0, b"xar!\0", "application/x-xar"),
    (0, b"\xed\xab\xee\xdb", "application/x-rpm"),
    (0, b"Cr24", "application/x-google-chrome-extension"),
    (0, b"MSWIM\0\0\0", "application/x-ms-wim"),
    (257, b"ustar", "application/x-tar"),
    (32769, b"CD001", "application/x-iso9660-image"),
    (68, b"GPKG", "application/geopackage+sqlite3"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"ARROW1\0\0", "application/vnd.apache.arrow.file"),
    (0, b"Obj\1", "application/avro"),
    (0, b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (0, b"\x0e\x03\x13\x01", "application/x-hdf5"),
    (0, b"CDF\1", "application/x-netcdf"),
    (0, b"CDF\2", "application/x-netcdf"),
    (0, b"MATLAB 5.0 MAT-file", "application/x-matlab-data"),
    (0, b"\x93NUMPY", "application/x-npy"),
    (0, b"\xff\xff\0\0\7\0\0\0\4\0\0\0\1\0\1\0", "application/x-jmp-data"),
    (0, b"\0\0\xff\xff\0\0\0\7\0\0\0\4\0\1\0\1", "application/x-jmp-data"),
    (0, b"\0\0\x27\x0a" + bytes(20), "application/vnd.shp"),
    (0, b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (0, b"\xa1\xb2\xc3\xd4", "application/vnd.tcpdump.pcap"),
    (0, b"\x4d\x3c\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (0, b"\xa1\xb2\x3c\x4d", "application/vnd.tcpdump.pcap"),
    (0, b"\x0a\x0d\x0d\x0a", "application/x-pcapng"),
    (0, b"\0asm", "application/wasm"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (0, b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (0, b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"dex\n03", "application/vnd.android.dex"),
    (0, bytes.fromhex("4c0000000114020000000000c000000000000046"), "application/x-ms-shortcut"),
    (0, b"book\0\0\0\0mark\0\0\0\0", "application/x-ft-apple.alias"),
    (36, b"acsp", "application/vnd.iccprofile"),
    (0, b"NES\x1a", "application/x-nintendo-nes-rom"),
    (0, b"BLENDER", "application/x-blender"),
    (0, b"Kaydara FBX Binary  \0", "application/x-ft-fbx"),
    (0, b"DRACO", "application/x-ft-draco"),
    (0, b"\xff\xfe\xff\x0eS\0k\0e\0t\0c\0h\0U\0p\0", "application/vnd.sketchup.skp"),
    (0, b"glTF\2\0\0\0", "model/gltf-binary"),
    (0, b"glTF\1\0\0\0", "model/gltf-binary"),
    (0, b"ttcf\0", "font/collection"),
    (0, b"wOFF\0\1\0\0", "font/woff"),
    (0, b"wOFFOTTO", "font/woff"),
    (0, b"wOFFtrue", "font/woff"),
    (0, b"wOF2\0\1\0\0", "font/woff2"),
    (0, b"wOF2OTTO", "font/woff2"),
    (0, b"wOF2ttcf", "font/woff2"),
    (0, b"wOF2true", "font/woff2"),
)  # fmt: skip
"""Where a signature is, its bytes, and the type; the first that is there decides."""

IN_BINARY: Final = (
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"8BPS\0", "image/vnd.adobe.photoshop"),
    (0, b"\xff\x0a", "image/jxl"),
    (0, b"icns", "image/x-icns"),
    (0, b"FLIF", "image/flif"),
    (0, b"qoif", "image/qoi"),
    (0, b"DDS |\0\0\0", "image/vnd.ms-dds"),
    (0, b"FOVb", "image/x-sigma-x3f"),
    (0, b"fLaC", "audio/flac"),
    (0, b"MAC ", "audio/x-ape"),
    (0, b"wvpk", "audio/x-wavpack"),
    (0, b"MP+", "audio/x-musepack"),
    (0, b"MPCK", "audio/x-musepack"),
    (0, b"TTA1", "audio/x-tta"),
    (0, b"IMPM", "audio/x-it"),
    (0, b".snd", "audio/basic"),
    (0, b"FWS", "application/vnd.adobe.flash.movie"),
    (0, b"CWS", "application/vnd.adobe.flash.movie"),
    (0, b"ZWS", "application/vnd.adobe.flash.movie"),
    (0, b"ITSF", "application/vnd.ms-htmlhelp"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"hsqs", "application/x-squashfs"),
    (0, b"SIT!", "application/x-stuffit"),
    (0, b"070701", "application/x-cpio"),
    (0, b"070702", "application/x-cpio"),
    (0, b"070707", "application/x-cpio"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"PARE", "application/vnd.apache.parquet"),
    (0, b"FEA1", "application/vnd.apache.arrow.file"),
    (0, b"ORC", "application/vnd.apache.orc"),
    (0, b"LASF", "application/vnd.las"),
    (0, b"$FL2", "application/x-spss-sav"),
    (0, b"$FL3", "application/x-spss-sav"),
    (0, b"regf", "application/x-ft-windows-registry-hive"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"ply\n", "model/x-ply"),
    (0, b"ply\r\n", "model/x-ply"),
)

_JPEG2000: Final = {
    b"jp2 ": "image/jp2",
    b"jpx ": "image/jpx",
    b"jpm ": "image/jpm",
    b"mjp2": "video/mj2",
}
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_LHA: Final = re.compile(rb"..-(lh[0-7dx]|lz[s45]|pm[0-2])-", re.DOTALL)
_MIE: Final = re.compile(rb"~[\x10\x18]\x04.0MIE", re.DOTALL)
_DWG: Final = re.compile(rb"AC10[0-9]{2}\0|AC10[0-9]{2}.{0,20}\0", re.DOTALL)
_SKIPPED_FRAME: Final = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
_LZMA: Final = re.compile(
    rb"\x5d\0\0[\0\x01\x02\x04\x08\x10\x20\x40\x80].(?:\xff{8}|.{5}\0\0\0)", re.DOTALL
)
_TORRENT: Final = re.compile(
    rb"d\d{1,2}:(?:announce(?:-list)?|comment|created by|creation date|info)[\dild]"
)
_PDF_WITHIN: Final = 1024


def sure(sample: Sample) -> str | None:
    """Return the type by a signature that no text begins with."""
    head = sample.head
    if head.startswith(_PNG):
        return _png(head)
    if head.startswith(b"\0\0\0\x0cjP  \r\n\x87\n"):
        return _JPEG2000.get(head[20:24], "image/jp2")
    found = next((kind for at, mark, kind in SURE if head.startswith(mark, at)), None)
    if found or not head:
        return found
    if _MIE.match(head):
        return "application/x-mie"
    if _TORRENT.match(head):
        return "application/x-bittorrent"
    return "application/zstd" if _SKIPPED_FRAME.match(head) else None


def in_binary(sample: Sample) -> str | None:
    """Return the type of a file that is known not to be text, by what it begins with."""
    head = sample.head
    found = next((kind for at, mark, kind in IN_BINARY if head.startswith(mark, at)), None)
    if found:
        return found
    if _LHA.match(head):
        return "application/x-lzh-compressed"
    if _DWG.match(head):
        return "image/vnd.dwg"
    if _LZMA.match(head):
        return "application/x-lzma"
    return "application/pdf" if b"%PDF-" in head[:_PDF_WITHIN] else None


def _png(head: bytes) -> str:
    """Return PNG, or APNG if the animation is announced before the pixels (PNG, section 11.3.6)."""
    pixels = head.find(b"IDAT")
    return (
        "image/apng" if head.find(b"acTL", 0, pixels if pixels > 0 else None) > 0 else "image/png"
    )

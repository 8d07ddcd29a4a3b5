"""What is in a container: tracks, brands, parts, streams and tags, wherever they are."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.identification.sample import Sampler
from processing.identify import explore, identify, identify_sample
from tests.processing.containers import (
    ASF_AUDIO,
    ASF_VIDEO,
    asf,
    box,
    compound,
    content_types,
    element,
    file_type,
    matroska,
    movie,
    ogg,
    tiff,
    track,
    zipped,
)

OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA = box(b"mdat", bytes(200_000))
COVER = element("1941a469", bytes(200_000))
NOTHING = bytes(200_000)

BRANDS = [
    *(b"XAVC", b"MSNV", b"CAEP", b"pana", b"cmfc", b"hvc1", b"dash", b"msdh", b"piff", b"dby1"),
    *(b"av01", b"isom", b"iso9", b"mp42", b"avc1", b"NDSC", b"f4v ", b"M4V ", b"ABCD"),
]
RAW = {254: 1, 330: 1}


@pytest.mark.parametrize("brand", BRANDS)
def test_tracks_tell_video_from_audio_whatever_the_brand(brand: bytes) -> None:
    head = file_type(brand, b"iso2", b"mp41")
    assert identify(head + movie(b"soun", b"vide"), "a") == "video/mp4"
    assert identify(head + movie(b"soun", b"text"), "a.mp4") == "audio/mp4"


@pytest.mark.parametrize(
    ("major", "compatible", "expected"),
    [
        (b"avif", [b"mif1"], "image/avif"),
        (b"mif1", [b"avif", b"mif1", b"miaf"], "image/avif"),
        (b"miaf", [b"avif"], "image/avif"),
        (b"avis", [b"msf1", b"miaf"], "image/avif"),
        (b"heic", [b"mif1"], "image/heic"),
        (b"mif1", [b"mif1", b"heic"], "image/heic"),
        (b"mif2", [b"heix", b"mif1"], "image/heic"),
        (b"msf1", [b"msf1", b"hevc"], "image/heic-sequence"),
        (b"hevc", [b"msf1"], "image/heic-sequence"),
        (b"mif1", [b"mif1"], "image/heif"),
        (b"msf1", [b"msf1"], "image/heif-sequence"),
        (b"XXXX", [b"mif1", b"heic"], "image/heic"),
        (b"crx ", [b"crx ", b"isom"], "image/x-canon-cr3"),
    ],
)
def test_images_are_told_by_all_brands(
    major: bytes, compatible: Sequence[bytes], expected: str
) -> None:
    described = box(b"meta", bytes(4), box(b"hdlr", bytes(8), b"pict", bytes(13)))
    assert identify(file_type(major, *compatible) + described, "a") == expected


def test_a_video_that_names_an_image_brand_is_a_video() -> None:
    assert identify(file_type(b"isom", b"mp42", b"mif1") + movie(b"vide"), "a") == "video/mp4"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (file_type(b"3gp5", b"isom") + movie(b"soun"), "audio/3gpp"),
        (file_type(b"3gp5", b"isom") + movie(b"soun", b"vide"), "video/3gpp"),
        (file_type(b"3g2a") + movie(b"soun"), "audio/3gpp2"),
        (file_type(b"M4B ") + movie(b"soun", b"vide"), "audio/mp4"),  # with pictures of chapters
        (file_type(b"qt  ") + movie(b"vide"), "video/quicktime"),
        (box(b"styp", b"msdh", bytes(4)) + box(b"moof"), "video/mp4"),
        (matroska(b"webm", 2), "audio/webm"),
        (matroska(b"webm\0", 2, 1), "video/webm"),
        (matroska(b"matroska", 2, 17), "audio/matroska"),
        (matroska(b"matroska", 1, 2), "video/matroska"),
        (asf(ASF_AUDIO), "audio/x-ms-wma"),
        (asf(ASF_AUDIO, ASF_VIDEO), "video/x-ms-asf"),
        (ogg(b"\x01vorbis" + bytes(23)), "audio/ogg"),
        (ogg(b"fishead\0", b"\x01vorbis", b"\x80theora"), "video/ogg"),
        (ogg(b"OpusHead"), "audio/ogg"),
        (ogg(b"unheard of"), "application/ogg"),
        (b"RIFF\0\1\0\0WAVEfmt ", "audio/wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "audio/wav"),
        (b"RIFF\0\1\0\0AVI LIST", "video/x-msvideo"),
    ],
)
def test_recordings_are_told_by_their_tracks(content: bytes, expected: str) -> None:
    assert identify(content, "a") == expected
    assert identify(content, "a.png") == expected


def sampled(content: bytes, sizes: Sequence[int] = (65_536,), name: str = "a") -> str:
    """Return the type of ``content``, fed in chunks of ``sizes`` that come round again."""
    sampler, at, turn = Sampler(explore), 0, 0
    while at < len(content):
        size = sizes[turn % len(sizes)]
        sampler.feed(content[at : at + size])
        at, turn = at + size, turn + 1
    return identify_sample(sampler.sample(name))


BEHIND = {
    "sound, described late": (file_type(b"isom") + MEDIA + movie(b"soun") + MEDIA, "audio/mp4"),
    "sound before pictures": (
        file_type(b"isom") + MEDIA + movie(b"soun", b"vide") + MEDIA,
        "video/mp4",
    ),
    "a large first track": (
        file_type(b"isom")
        + MEDIA
        + box(b"moov", track(b"soun"), box(b"free", NOTHING), track(b"vide"))
        + MEDIA,
        "video/mp4",
    ),
    "tracks behind a cover": (matroska(b"matroska", 2, before=COVER) + NOTHING, "audio/matroska"),
    "FLAC behind a cover": (
        b"ID3\3\0\0\0\4\0\0" + bytes(65_536) + b"fLaC" + NOTHING,
        "audio/flac",
    ),
    "an OLE directory": (compound("WordDocument", behind=400) + NOTHING, "application/msword"),
}
AT_THE_END = {
    "office parts": (
        zipped(("big.bin", random.Random(1).randbytes(200_000)), (  # noqa: S311 - not a secret
            "[Content_Types].xml",
            content_types(f"{OFFICE}.wordprocessingml.template.main+xml", "word/document.xml"),
        ), ("word/document.xml", b"<x/>")),
        f"{OFFICE}.wordprocessingml.template",
    ),
    "a disk image": (b"x\1" + NOTHING + b"koly\0\0\0\4\0\0\2\0".ljust(512, b"\0"),
                     "application/x-apple-diskimage"),
}  # fmt: skip
FAR = BEHIND | AT_THE_END


@pytest.mark.parametrize("name", FAR)
def test_what_tells_the_type_is_found_behind_the_head(name: str) -> None:
    content, expected = FAR[name]
    assert sampled(content) == expected
    for sizes in ([len(content)], [1000], [70_000, 1], [65_536, 4096, 3]):
        assert sampled(content, sizes) == expected


@given(st.sampled_from(sorted(FAR)), st.lists(st.integers(500, 300_000), min_size=1, max_size=5))
@settings(deadline=None, max_examples=40)
def test_chunks_make_no_difference(name: str, sizes: list[int]) -> None:
    content, expected = FAR[name]
    assert sampled(content, sizes) == expected


def test_without_its_end_a_recording_is_told_by_its_name() -> None:
    cut_off = (file_type(b"isom") + MEDIA)[:65_536]
    assert identify(cut_off, "a.m4a") == "audio/mp4"
    assert identify(cut_off, "a.mp4") == "video/mp4"
    assert identify(cut_off, "a.mp4", "audio/mp4") == "audio/mp4"


MAIN_TYPES = [
    (f"{OFFICE}.wordprocessingml.document", f"{OFFICE}.wordprocessingml.document"),
    (f"{OFFICE}.spreadsheetml.template", f"{OFFICE}.spreadsheetml.template"),
    (f"{OFFICE}.presentationml.slideshow", f"{OFFICE}.presentationml.slideshow"),
    ("application/vnd.ms-word.document.macroEnabled",
     "application/vnd.ms-word.document.macroEnabled.12"),
    ("application/vnd.ms-word.template.macroEnabledTemplate",
     "application/vnd.ms-word.template.macroEnabled.12"),
    ("application/vnd.ms-excel.sheet.macroEnabled",
     "application/vnd.ms-excel.sheet.macroEnabled.12"),
    ("application/vnd.ms-powerpoint.presentation.macroEnabled",
     "application/vnd.ms-powerpoint.presentation.macroEnabled.12"),
]  # fmt: skip


@pytest.mark.parametrize(("main", "expected"), MAIN_TYPES)
def test_office_files_are_what_their_main_part_is(main: str, expected: str) -> None:
    told = content_types(f"{main}.main+xml", "any/name7.xml")
    for parts in (
        [("[Content_Types].xml", told), ("any/name7.xml", b"<x/>")],
        [("any/name7.xml", b"<x/>"), ("[Content_Types].xml", told)],
    ):
        assert identify(zipped(*parts), "a") == expected
        assert identify(zipped(*parts), "a.zip") == expected


@pytest.mark.parametrize(
    ("parts", "name", "expected"),
    [
        (["mimetype=application/epub+zip"], "a", "application/epub+zip"),
        (["mimetype=application/vnd.oasis.opendocument.graphics"], "a.zip",
         "application/vnd.oasis.opendocument.graphics"),
        (["mimetype=text/plain"], "a", "application/zip"),
        (["mimetype=image/png"], "a.png", "application/zip"),
        (["Index/Document.iwa", "Index/MasterSlide-1.iwa"], "a", "application/vnd.apple.keynote"),
        (["Index/Document.iwa", "Index/Tables/Tile.iwa"], "a", "application/vnd.apple.numbers"),
        (["Index/Document.iwa", "Index/Tables/Tile.iwa"], "a.pages", "application/vnd.apple.pages"),
        (["index.xml=<sl:document xmlns:sl='x'>"], "a", "application/vnd.apple.pages"),
        (["META-INF/MANIFEST.MF", "A.class"], "a", "application/java-archive"),
        (["AndroidManifest.xml", "META-INF/MANIFEST.MF"], "a",
         "application/vnd.android.package-archive"),
        (["doc.kml"], "a", "application/vnd.google-earth.kmz"),
        (["a.kml"], "a.zip", "application/zip"),
        (["1.jpg", "2.jpg"], "a.cbz", "application/vnd.comicbook+zip"),
        (["1.jpg", "2.jpg"], "a.zip", "application/zip"),
        (["word/notes.txt", "xl/notes.txt"], "a.docx", "application/zip"),
        (["a.txt"], "a.docx", "application/zip"),
    ],
)  # fmt: skip
def test_archives_are_what_their_parts_make_them(
    parts: list[str], name: str, expected: str
) -> None:
    named = [(part.partition("=")[0], part.partition("=")[2].encode()) for part in parts]
    assert identify(zipped(*named), name) == expected
    assert identify(zipped(*named, packed=False), name) == expected


@pytest.mark.parametrize(
    ("streams", "expected"),
    [
        (["WordDocument", "1Table"], "application/msword"),
        (["Workbook"], "application/vnd.ms-excel"),
        (["Book"], "application/vnd.ms-excel"),
        (["Current User", "PowerPoint Document"], "application/vnd.ms-powerpoint"),
        (["__nameid_version1.0", "__properties_version1.0"], "application/vnd.ms-outlook"),
        (["VisioDocument"], "application/vnd.visio"),
        (["EncryptedPackage", "EncryptionInfo"], "application/x-ole-storage"),
        ([], "application/x-ole-storage"),
    ],
)
def test_ole_containers_are_told_by_their_streams(streams: list[str], expected: str) -> None:
    assert identify(compound(*streams), "a") == expected
    assert identify(compound(*streams), "a.doc") == expected


@pytest.mark.parametrize(
    ("tags", "name", "expected"),
    [
        ({50706: 1, 271: b"PENTAX\0", **RAW}, "a", "image/x-adobe-dng"),
        ({271: b"NIKON CORPORATION\0", **RAW}, "a", "image/x-nikon-nef"),
        ({271: b"SONY\0", **RAW}, "a.tif", "image/x-sony-arw"),
        ({271: b"RICOH IMAGING\0", 259: 65535}, "a", "image/x-pentax-pef"),
        ({271: b"NIKON CORPORATION\0", 259: 1}, "a.nef", "image/tiff"),  # exported by its program
        ({259: 5}, "a.dng", "image/tiff"),
        (RAW, "a.nef", "image/x-nikon-nef"),
    ],
)
def test_raw_photos_are_told_by_their_tags(
    tags: dict[int, int | bytes], name: str, expected: str
) -> None:
    for order in "<>":
        assert identify(tiff(tags, order), name) == expected


def test_a_portable_map_is_one_if_its_pixels_are_all_there() -> None:
    for head, kind in ((b"P5\n8 4\n255\n", "graymap"), (b"P6\n# c\n8 4 255\n", "pixmap")):
        pixels = b"\n" * 32 * (3 if b"P6" in head else 1)
        assert identify(head + pixels, "a") == f"image/x-portable-{kind}"
    assert identify(b"P5 12 30 100 people came by bus.\n", "a") == "text/plain"


@given(st.sampled_from(sorted(FAR)), st.integers(0, 4000), st.binary(min_size=1, max_size=8))
@settings(deadline=None, max_examples=150)
def test_broken_containers_still_have_a_type(name: str, at: int, noise: bytes) -> None:
    content = FAR[name][0]
    broken = content[:at] + noise + content[at + len(noise) :]
    assert "/" in sampled(broken[: 70_000 + 40 * at])
    assert "/" in identify(broken[: at + 20], "a.bin")

"""Previews of SVG drawings, the hostile ones above all."""

import base64
import gzip
import http.server
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from processing.previews import vector
from processing.task import Failure, ProcessingError
from tests.processing.picture_files import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    colours,
    encoded,
    png,
    quarters,
    source,
)

NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
QUARTERS = (
    '<rect width="10" height="5" fill="#dc1e1e"/>'
    '<rect x="10" width="10" height="5" fill="#14a028"/>'
    '<rect y="5" width="10" height="5" fill="#1e3cdc"/>'
    '<rect x="10" y="5" width="10" height="5" fill="white"/>'
)
UPRIGHT = [RED, GREEN, BLUE, WHITE]


def svg(content: str, attributes: str = 'viewBox="0 0 20 10"', before: str = "") -> bytes:
    return f"{before}<svg {NAMESPACES}{attributes}>{content}</svg>".encode()


def rendered(folder: Path, data: bytes, longest: int = 160) -> Image.Image:
    return vector.render(source(folder, data, "image/svg+xml"), longest)


def failure(folder: Path, data: bytes) -> Failure:
    with pytest.raises(ProcessingError) as raised:
        rendered(folder, data)
    return raised.value.failure


def is_empty(picture: Image.Image) -> bool:
    return picture.getchannel("A").getextrema() == (0, 0)


@pytest.mark.parametrize("longest", [160, 480, 1200])
def test_a_drawing_is_drawn_at_the_size_asked_for(longest: int, tmp_path: Path) -> None:
    picture = rendered(tmp_path, svg(QUARTERS), longest)
    assert (picture.mode, picture.size) == ("RGBA", (longest, longest // 2))
    assert colours(picture) == UPRIGHT


def test_what_is_not_drawn_on_is_transparent(tmp_path: Path) -> None:
    picture = rendered(tmp_path, svg('<rect width="10" height="10" fill="red" opacity="0.5"/>'))
    assert picture.getpixel((40, 40)) == pytest.approx((255, 0, 0, 128), abs=2)
    assert picture.getpixel((120, 40)) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="20" height="10"', (160, 80)),
        ('width="4cm" height="20mm"', (160, 80)),
        ('width="10" height="20" viewBox="0 0 20 10"', (80, 160)),
        ('width="100%" height="100%" viewBox="0 0 20 10"', (160, 80)),
        ('width="7" viewBox="0 0 20 10"', (160, 80)),
        ('viewBox="-5 -5 0.002 0.001"', (160, 80)),
        ("", (160, 80)),
        ('width="0" height="0"', (160, 80)),
        ('width="1e9" height="1000000000"', (160, 160)),
        ('width="1e9" height="1"', (160, 1)),
        ('viewBox="0 0 1e9 1e9"', (160, 160)),
        ('viewBox="0 0 0 0"', (160, 80)),
        ('viewBox="0 0 -1 5"', (160, 80)),
        ('viewBox="0 0 20"', (160, 80)),
        ('width="1e999" height="nan"', (160, 80)),
    ],
)
def test_any_size_that_a_drawing_claims_is_bounded(
    attributes: str, size: tuple[int, int], tmp_path: Path
) -> None:
    assert rendered(tmp_path, svg(QUARTERS, attributes)).size == size


lengths = st.floats(1e-3, 1e6)


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(width=lengths, height=lengths, longest=st.integers(1, 600))
def test_any_drawing_keeps_its_proportions(
    width: float, height: float, longest: int, tmp_path: Path
) -> None:
    picture = rendered(tmp_path, svg("", f'width="{width}" height="{height}"'), longest)
    scale = longest / max(width, height)
    assert max(picture.size) == longest
    assert picture.width == pytest.approx(max(1, width * scale), abs=1)
    assert picture.height == pytest.approx(max(1, height * scale), abs=1)


def test_entities_for_namespaces_as_in_illustrator_are_replaced(tmp_path: Path) -> None:
    doctype = '<!DOCTYPE svg [<!ENTITY mine "http://example.org/"><!ENTITY c "#dc1e1e">]>'
    content = '<g xmlns:m="&mine;"><rect width="20" height="10" fill="&c;"/></g>'
    assert colours(rendered(tmp_path, svg(content, before=doctype))) == [RED] * 4


def test_entities_that_double_are_refused(tmp_path: Path) -> None:
    entities = '<!ENTITY a "ha!">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    data = svg("<text>&i;</text>", before=f"<!DOCTYPE svg [{entities}]>")
    assert failure(tmp_path, data) is Failure.TOO_LARGE
    data = svg('<text y="&i;"/>', before=f"<!DOCTYPE svg [{entities}]>")
    assert failure(tmp_path, data) is Failure.TOO_LARGE


def test_one_long_entity_a_thousand_times_is_too_large(tmp_path: Path) -> None:
    doctype = f'<!DOCTYPE svg [<!ENTITY a "{"ha! " * 10_000}">]>'
    data = svg(f"<text>{'&a;' * 1000}</text>", before=doctype)
    assert failure(tmp_path, data) is Failure.TOO_LARGE


def test_external_entities_are_not_loaded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text('<rect width="20" height="10"/>')
    doctype = f'<!DOCTYPE svg [<!ENTITY a SYSTEM "{secret.as_uri()}">]>'
    assert failure(tmp_path, svg("&a;", before=doctype)) is Failure.FAILED


def test_references_that_double_are_too_large(tmp_path: Path) -> None:
    groups = '<g id="g0"><rect width="1" height="1"/></g>' + "".join(
        f'<g id="g{n}">' + f'<use xlink:href="#g{n - 1}"/>' * 10 + "</g>" for n in range(1, 9)
    )
    assert failure(tmp_path, svg(groups)) is Failure.TOO_LARGE


def test_patterns_that_double_are_too_large(tmp_path: Path) -> None:
    patterns = '<pattern id="p0"/>' + "".join(
        f'<pattern id="p{n}">' + f'<rect fill="url(#p{n - 1})"/>' * 10 + "</pattern>"
        for n in range(1, 9)
    )
    assert failure(tmp_path, svg(patterns + '<rect fill="url(#p8)"/>')) is Failure.TOO_LARGE


@pytest.mark.parametrize(
    "content",
    [
        '<g id="a"><use href="#a"/></g>',
        '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>',
    ],
)
def test_references_in_a_circle_draw_nothing(content: str, tmp_path: Path) -> None:
    assert colours(rendered(tmp_path, svg(QUARTERS + content))) == UPRIGHT


@pytest.mark.parametrize("attributes", ['opacity="much"', 'stroke-miterlimit="x"'])
def test_an_attribute_that_makes_no_sense_costs_only_itself(
    attributes: str, tmp_path: Path
) -> None:
    assert colours(rendered(tmp_path, svg(f"<g {attributes}>{QUARTERS}</g>"))) == UPRIGHT


@pytest.mark.parametrize(
    "content", ["<g>" * 5000 + "</g>" * 5000, "<g/>" * 60_000, "<!--" + "x" * 6_000_000 + "-->"]
)
def test_what_is_too_deep_or_too_much_is_too_large(content: str, tmp_path: Path) -> None:
    assert failure(tmp_path, svg(content)) is Failure.TOO_LARGE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no drawing",
        b"<html/>",
        svg(QUARTERS)[:-3],
        svg("&missing;"),
        b'<?xml version="1.0" encoding="martian"?>' + svg(""),
        gzip.compress(svg(QUARTERS)),
        gzip.compress(bytes(5_000_000)),
    ],
)
def test_what_is_broken_or_no_drawing_fails(data: bytes, tmp_path: Path) -> None:
    assert failure(tmp_path, data) is Failure.FAILED


@pytest.fixture
def visited() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a server that has a picture, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(encoded(quarters(), "PNG"))

        def log_message(self, *_arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


REACHING = [
    '<image xlink:href="{url}" width="20" height="10"/>',
    '<image href="{url}" width="20" height="10"/>',
    '<use xlink:href="{url}#a"/>',
    '<use href="{url}"/>',
    '<style>@import url("{url}");</style>',
    '<style>@import "{url}";</style>',
    '<rect width="20" height="10" fill="url({url}#a)"/>',
    '<rect width="20" height="10" style="fill:url({url}#a);mask:url({url}#m)" fill-opacity="0"/>',
    '<text><tref xlink:href="{url}"/></text>',
    '<filter id="f"><feImage href="{url}"/></filter>',
    '<foreignObject><iframe src="{url}"/></foreignObject><script href="{url}"/>',
    '<g xml:base="{url}/"><image href="a.png" width="20" height="10"/></g>',
]


@pytest.mark.parametrize("content", REACHING)
def test_no_address_is_asked(content: str, visited: tuple[str, list[str]], tmp_path: Path) -> None:
    address, asked = visited
    picture = rendered(tmp_path, svg(content.replace("{url}", f"{address}/a.png")))
    assert asked == []
    assert picture.size == (160, 80)


@pytest.mark.parametrize("content", REACHING)
def test_no_file_is_drawn(content: str, tmp_path: Path) -> None:
    red = tmp_path / "red.svg"
    red.write_bytes(svg('<g id="a"><rect width="20" height="10" fill="#dc1e1e"/></g>'))
    for url in (red.as_uri(), str(red), "red.svg"):
        picture = rendered(tmp_path, svg(content.replace("{url}", url)))
        assert RED not in colours(picture)


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def embedded(url: str) -> bytes:
    return svg(f'<image width="20" height="10" preserveAspectRatio="none" href="{url}"/>')


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "AVIF"])
def test_pictures_in_the_drawing_itself_are_drawn(form: str, tmp_path: Path) -> None:
    picture = rendered(tmp_path, embedded(data_url(encoded(quarters(), form))))
    assert colours(picture) == UPRIGHT


@pytest.mark.parametrize(
    "data",
    [
        png(50_000, 50_000),
        encoded(quarters(), "TIFF"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        encoded(quarters(), "PNG")[:200],
        b"",
    ],
    ids=["bomb", "TIFF", "EPS", "cut off", "nothing"],
)
def test_other_things_in_the_drawing_are_left_out(data: bytes, tmp_path: Path) -> None:
    assert is_empty(rendered(tmp_path, embedded(data_url(data))))


def test_pictures_with_too_many_pixels_together_are_left_out(tmp_path: Path) -> None:
    blank = io.BytesIO()
    Image.new("L", (5000, 3000), 255).save(blank, "PNG", compress_level=1)
    picture = f'<image width="10" height="10" href="{data_url(blank.getvalue())}"/>'
    other = picture.replace(";base64,", ";x=1;base64,")
    result = rendered(tmp_path, svg(picture + f'<g transform="translate(10 0)">{other}</g>'))
    assert result.getpixel((40, 40)) == (255, 255, 255, 255)
    assert result.getpixel((120, 40)) == (0, 0, 0, 0)


def test_drawings_in_the_drawing_are_drawn_three_levels_deep(tmp_path: Path) -> None:
    for depth, expected in ((3, UPRIGHT), (4, None)):
        data = svg(QUARTERS, 'width="20" height="10"')
        for _ in range(depth):
            data = embedded(data_url(data, "image/svg+xml"))
        picture = rendered(tmp_path, data)
        assert (colours(picture) if expected else None) == expected
        assert is_empty(picture) is (expected is None)


def test_an_image_bomb_in_a_drawing_in_the_drawing_is_left_out(tmp_path: Path) -> None:
    inner = embedded(data_url(png(50_000, 50_000)))
    assert is_empty(rendered(tmp_path, embedded(data_url(inner, "image/svg+xml"))))

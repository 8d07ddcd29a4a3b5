"""Previews of SVG drawings: CSS, text, transforms and sizes."""

from pathlib import Path

import pytest

from tests.processing.picture_files import RED, colours
from tests.processing.test_previews_vector import QUARTERS, UPRIGHT, rendered, svg


def painted(folder: Path, content: str) -> tuple[int, ...]:
    """Return the colour in the middle of a drawing."""
    pixel = rendered(folder, svg(content)).getpixel((80, 40))
    assert isinstance(pixel, tuple)
    return pixel


ALL = 'width="20" height="10"'


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (":root{--a:#dc1e1e} rect{fill:var(--a)}", RED),
        (":root{--a:var(--b);--b:#dc1e1e} rect{fill:var(--a)}", RED),
        (":root{--a:blue} g{--a:#dc1e1e} rect{fill:var(--a)}", RED),
        ("rect{fill:var(--none, #dc1e1e)}", RED),
        (":root{--a:var(--a)} rect{fill:var(--a, #dc1e1e)}", RED),
        (":root{--a:blue} rect{fill:#dc1e1e !important} rect{fill:var(--a)}", RED),
        (":root{--r:220} rect{fill:rgb(var(--r) 30 30)}", RED),
        (":root{--a:blue} .mine{fill:#dc1e1e} rect{fill:var(--a)}", RED),
        ("@media screen{rect{fill:#dc1e1e}}", RED),
        ("@media print{rect{fill:blue}} g{fill:#dc1e1e}", RED),
    ],
)
def test_variables_follow_the_cascade(
    style: str, expected: tuple[int, ...], tmp_path: Path
) -> None:
    content = f'<style>{style}</style><g><rect class="mine" {ALL}/></g>'
    assert painted(tmp_path, content) == (*expected, 255)


def test_a_variable_in_an_attribute_is_put_in(tmp_path: Path) -> None:
    content = f'<g style="--a:#dc1e1e"><rect {ALL} fill="var(--a)"/></g>'
    assert painted(tmp_path, content) == (*RED, 255)


def test_variables_that_double_are_dropped(tmp_path: Path) -> None:
    doubling = ";".join(f"--v{n}:var(--v{n - 1}) var(--v{n - 1})" for n in range(1, 60))
    content = f'<g style="--v0:1;{doubling}"><rect {ALL} style="opacity:var(--v59)"/></g>'
    assert painted(tmp_path, content) == (0, 0, 0, 255)


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ("rgb(220 30 30)", (220, 30, 30, 255)),
        ("rgb(220 30 30 / 50%)", (220, 30, 30, 128)),
        ("hsl(0.5turn 100% 50%)", (0, 255, 255, 255)),
        ("hwb(240 0% 0%)", (0, 0, 255, 255)),
        ("lab(54.29% 80.8 69.89)", (255, 0, 0, 255)),
        ("lch(29.57% 131.2 301.36)", (0, 0, 255, 255)),
        ("oklab(51.98% -0.1403 0.1077)", (0, 128, 0, 255)),
        ("oklch(62.8% 0.2577 29.23 / 50%)", (255, 0, 0, 128)),
        ("color(srgb 0 0.5 1)", (0, 128, 255, 255)),
        ("color(srgb-linear 0.214 0 1)", (128, 0, 255, 255)),
        ("color(display-p3 1 1 1)", (255, 255, 255, 255)),
        ("color(display-p3 0 1 0)", (0, 255, 0, 255)),
        ("color(xyz 0.9505 1 1.089)", (255, 255, 255, 255)),
    ],
)
def test_colours_have_the_values_of_css_color_4(
    colour: str, expected: tuple[int, ...], tmp_path: Path
) -> None:
    for content in (f'<rect {ALL} fill="{colour}"/>', f'<rect {ALL} style="fill:{colour}"/>'):
        assert painted(tmp_path, content) == pytest.approx(expected, abs=2)


@pytest.mark.parametrize(
    "content",
    [
        '<g opacity="50%"><rect {all}/></g>',
        """<mask id="m" maskContentUnits="objectBoundingBox"><rect width="1" height="1" fill="white"
        fill-opacity=".5"/></mask><rect {all} mask="url(#m)"/>""",
        """<filter id="f"><feComponentTransfer><feFuncA type="linear" slope=".5"/>
        </feComponentTransfer></filter><rect {all} filter="url(#f)"/>""",
        """<linearGradient id="a"><stop stop-opacity="50%"/></linearGradient>
        <linearGradient id="b" href="#a"/><rect {all} fill="url(#b)"/>""",
        """<symbol id="s" viewBox="0 0 1 1"><rect x="-9" width="19" height="1" opacity=".5"/>
        </symbol><use href="#s" x="5" width="10" height="10"/>""",
    ],
)
def test_masks_filters_and_references_are_drawn(content: str, tmp_path: Path) -> None:
    assert painted(tmp_path, content.replace("{all}", ALL)) == pytest.approx((0, 0, 0, 128), abs=2)


@pytest.mark.parametrize(
    ("anchor", "left", "right"), [("start", 80, 160), ("middle", 40, 120), ("end", 0, 80)]
)
def test_text_of_several_spans_is_anchored_as_a_whole(
    anchor: str, left: int, right: int, tmp_path: Path
) -> None:
    text = f'<text x="10" y="7" font-size="4" text-anchor="{anchor}">mm<tspan>mm</tspan></text>'
    box = rendered(tmp_path, svg(text)).getbbox()
    assert box
    middle = (box[0] + box[2]) / 2
    assert left < middle < right
    assert (middle == pytest.approx(80, abs=3)) is (anchor == "middle")


@pytest.mark.parametrize(
    "attributes",
    [
        'transform="rotate(90)" style="transform-origin:10px 5px"',
        'transform="rotate(90)" transform-origin="50% 50%"',
        'style="transform:rotate(90deg);transform-origin:center"',
        'style="transform:rotate(90deg);transform-origin:center;transform-box:fill-box"',
    ],
)
def test_a_transform_turns_about_its_origin(attributes: str, tmp_path: Path) -> None:
    picture = rendered(tmp_path, svg(f'<rect x="6" y="4" width="8" height="2" {attributes}/>'))
    assert picture.getbbox() == (72, 8, 88, 72)


def test_lengths_without_a_view_box_are_those_of_css(tmp_path: Path) -> None:
    drawing = svg('<rect width="1in" height="48px"/>', 'width="2in" height="1in"')
    assert rendered(tmp_path, drawing).getbbox() == (0, 0, 80, 40)


def test_a_drawing_without_any_size_shows_300_by_150_pixels(tmp_path: Path) -> None:
    drawing = svg('<rect x="150" y="75" width="1000" height="1000"/>', "")
    picture = rendered(tmp_path, drawing)
    assert picture.size == (160, 80)
    assert picture.getbbox() == (80, 40, 160, 80)


def test_a_drawing_without_a_namespace_is_drawn(tmp_path: Path) -> None:
    data = f'<svg viewBox="0 0 20 10">{QUARTERS}</svg>'.encode()
    assert colours(rendered(tmp_path, data)) == UPRIGHT

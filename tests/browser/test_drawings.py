"""Previews of SVG drawings beside Chromium's rendering of them."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser

from processing.previews import vector
from processing.task import Source

NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
SIZE = (480, 288)
DRAWINGS = {
    "colours": """<rect width="50" height="120" fill="oklch(0.7 0.15 30)"/>
        <rect x="50" width="50" height="120" style="fill:lab(50% 40 -30)"/>
        <rect x="100" width="50" height="120" fill="color(display-p3 0.2 0.8 0.3)"/>
        <rect x="150" width="50" height="120" fill="hwb(200 10% 20% / 60%)"/>""",
    "opacity": """<g opacity="40%"><rect width="100" height="120" fill="navy"/></g>
        <linearGradient id="g"><stop stop-color="red" stop-opacity="20%"/>
        <stop offset="100%" stop-color="blue"/></linearGradient>
        <rect x="100" width="100" height="120" fill="url(#g)"/>""",
    "masks": """<mask id="m" maskContentUnits="objectBoundingBox">
        <rect width="1" height="1" fill="white"/><circle cx=".5" cy=".5" r=".3"/></mask>
        <mask id="a" style="mask-type:alpha"><circle cx="150" cy="60" r="40" opacity=".6"/></mask>
        <rect width="90" height="120" fill="teal" mask="url(#m)"/>
        <rect x="100" width="100" height="120" fill="purple" mask="url(#a)"/>""",
    "filters": """<filter id="b"><feGaussianBlur stdDeviation="6"/></filter>
        <filter id="s"><feDropShadow dx="6" dy="6" stdDeviation="3"/></filter>
        <circle cx="40" cy="60" r="30" fill="red" filter="url(#b)"/>
        <rect x="80" y="30" width="40" height="50" fill="gold" filter="url(#s)"/>
        <rect x="140" y="90" width="40" height="20" style="filter:blur(3px)"/>""",
    "text": """<g font-family="DejaVu Sans" font-size="18">
        <text x="100" y="30" text-anchor="middle">Mid<tspan font-weight="bold">bold</tspan></text>
        <text x="195" y="60" text-anchor="end">right <tspan fill="red">end</tspan></text>
        <text x="5" y="90">start<tspan dx="10" dy="5">off</tspan></text></g>""",
    "text without a font": """<text x="10" y="60" font-size="24">Default</text>""",
    "href": """<linearGradient id="a"><stop stop-color="red"/><stop offset="1"/></linearGradient>
        <linearGradient id="b" href="#a" x2="0" y2="1"/>
        <symbol id="s" viewBox="0 0 10 10"><path d="M0 0h10v10z"/></symbol>
        <rect width="100" height="120" fill="url(#b)"/>
        <use href="#s" x="100" width="50" height="50"/>
        <use xlink:href="#s" x="150" y="60" width="50" height="50"/>""",
    "variables": """<style>:root{--a:#e03131;--b:var(--a)} .x{--a:rgb(40 120 200)}
        rect{fill:var(--b)} .y{fill:var(--a)} .z{fill:var(--none, green)}</style>
        <rect width="50" height="120"/>
        <g class="x"><rect class="y" x="50" width="50" height="120"/></g>
        <rect class="z" x="100" width="50" height="120"/>
        <rect x="150" width="50" height="120" style="opacity:var(--o,.5)"/>""",
    "transforms": """<rect x="20" y="20" width="40" height="40" transform="rotate(30 40 40)"/>
        <rect x="80" y="20" width="40" height="40" style="transform:scale(1.2) skewX(10deg)"/>
        <rect x="120" y="40" width="60" height="30" fill="red" style="transform:rotate(60deg);
        transform-box:fill-box;transform-origin:center"/>""",
    "media": """<style>@media (prefers-color-scheme: dark){rect{fill:white}}
        @media screen{rect{fill:teal}} @media print{rect{fill:red}}</style>
        <rect width="120" height="120"/>""",
    "markers": """<marker id="a" viewBox="0 0 10 10" refX="5" refY="5" orient="auto">
        <path d="M0 0L10 5L0 10z" fill="context-stroke"/></marker>
        <path d="M30 30L100 90L170 30" fill="none" stroke="red" stroke-width="9"
        marker-start="url(#a)" marker-end="url(#a)"/>""",
    "patterns": """<pattern id="p" width="20" height="20" patternUnits="userSpaceOnUse"
        patternTransform="rotate(30)"><rect width="10" height="10" fill="red"/></pattern>
        <rect width="200" height="120" fill="url(#p)"/>""",
    "blending": """<rect width="120" height="120" fill="orange"/>
        <rect x="60" width="140" height="120" fill="teal" style="mix-blend-mode:multiply"/>
        <circle cx="100" cy="60" r="30" stroke-width="10" stroke="white" paint-order="stroke"/>""",
    "clips": """<clipPath id="c" clipPathUnits="objectBoundingBox">
        <circle cx=".5" cy=".5" r=".5"/></clipPath>
        <rect width="90" height="90" fill="red" clip-path="url(#c)"/>""",
    "units": """<rect x="5mm" y="5mm" width="10mm" height="1cm"/>
        <rect x="50%" y="1in" width="2em" height="12pt"/>""",
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_looks_as_in_chromium(name: str, chromium: Browser, tmp_path: Path) -> None:
    drawing = f'<svg {NAMESPACES} viewBox="0 0 200 120">{DRAWINGS[name]}</svg>'.encode()
    path = tmp_path / "a.svg"
    path.write_bytes(drawing)
    preview = vector.render(Source(str(path), "image/svg+xml", "a.svg", len(drawing)), SIZE[0])
    ours = Image.new("RGB", SIZE, "white")
    ours.paste(preview, mask=preview.getchannel("A"))
    theirs = _rendered(chromium, drawing)
    difference = ImageStat.Stat(ImageChops.difference(ours.convert("L"), theirs.convert("L")))
    assert difference.mean[0] / 255 < 0.03
    assert ImageStat.Stat(theirs.convert("L")).stddev[0] > 10  # it shows something


def _rendered(chromium: Browser, drawing: bytes) -> Image.Image:
    url = f"data:image/svg+xml;base64,{base64.b64encode(drawing).decode()}"
    page = chromium.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
    page.set_content(f'<body style="margin:0"><img src="{url}" style="width:100vw;height:100vh">')
    page.evaluate("document.images[0].decode()")
    shot = page.screenshot()
    page.close()
    return Image.open(io.BytesIO(shot))

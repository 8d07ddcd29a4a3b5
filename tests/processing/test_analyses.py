"""What holds of every analysis: strict, bounded, documented, and no file breaks it."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processing import analyses
from processing.analyses import probe
from processing.analyses.result import MAX_BYTES, encoded, known
from processing.kinds import IMAGE_FORMATS
from processing.task import ProcessingError, Source
from tests.processing.analyses_samples import (
    ODT,
    SAMPLES,
    SHEET,
    SLIDES,
    WORD,
    analyze,
    metadata,
    probed,
    source,
)

ROOT = Path(__file__).parent.parent.parent
DOCUMENTED = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs/analysis.md").read_text(), re.MULTILINE)
TYPES = [
    *IMAGE_FORMATS,
    *("image/svg+xml", "application/pdf", "application/ogg", "application/x-matroska"),
    *("video/mp4", "video/webm", "audio/mpeg", "audio/flac", "video/x-unheard-of"),
    *(WORD, SLIDES, SHEET, ODT, "application/epub+zip", "text/html", "text/rtf"),
    *("message/rfc822", "application/json", "application/x-ndjson", "text/plain", "text/csv"),
    *("application/zip", "application/x-tar", "application/gzip", "application/x-bzip2"),
    *("application/x-xz", "application/java-archive", "application/x-ole-storage"),
    *("application/octet-stream", "nonsense"),
]
SIGNATURES = [
    *(
        b"",
        b"\xff\xd8\xff\xe1",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"RIFF\0\0\0\0WEBPVP8X",
        b"GIF89a",
    ),
    *(
        b"II*\0",
        b"MM\0*",
        b"BM",
        b"\0\0\0\x18ftypavif",
        b"\0\0\0\x18ftypheic",
        b"<svg ",
        b"%PDF-1.7\n",
    ),
    *(b"OggS", b"\x1aE\xdf\xa3", b"\0\0\0\x18ftypmp42", b"ID3\3\0", b"fLaC", b"PK\3\4", b"PK\5\6"),
    *(b"\x1f\x8b\x08\0", b"BZh9", b"\xfd7zXZ\0", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe"),
]


def _keys(value: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield prefix + key
            yield from _keys(item, f"{prefix}{key}.")
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item, prefix.removesuffix(".") + "[].")


def test_every_key_is_documented_once() -> None:
    assert len(DOCUMENTED) == len(set(DOCUMENTED)) > 100


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_said_of_a_file_is_documented(tmp_path: Path, name: str) -> None:
    make, content_type = SAMPLES[name]
    found = metadata(tmp_path, make(), content_type, name)
    assert {"size", "extension", "extension_matches"} <= found.keys()
    assert set(_keys(found)) <= set(DOCUMENTED)


SAID_ELSEWHERE = {
    *("duration_estimated", "embedded_video", "embedded_video.content_type"),
    *("embedded_video.offset", "embedded_video.size"),
    *("exif.comment", "exif.editor", "exif.owner", "exif.photographer", "exif.title"),
}
"""What the tests of recordings, of kinds of images and of EXIF texts look for."""


def test_what_is_documented_is_said_of_some_file(tmp_path: Path) -> None:
    said: set[str] = set()
    for name, (make, content_type) in SAMPLES.items():
        said |= set(_keys(metadata(tmp_path, make(), content_type, name)))
    said |= {"declared_type", "declared_type_matches"}  # by the server, which knows the upload
    # These take files that nothing here can write.
    assert (
        set(DOCUMENTED) - said
        <= {"company", "words", "characters", "paragraphs", "tables"}
        | {
            "frames_truncated",
            "streams[].language",
            "live_photo_id",
        }
        | SAID_ELSEWHERE
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_a_format_has_a_name_for_people(tmp_path: Path, name: str) -> None:
    make, content_type = SAMPLES[name]
    answer = analyze(tmp_path, make(), content_type, name)
    assert answer["content_type"] == content_type
    assert answer["file_type"]
    assert answer["file_type"] != content_type


@pytest.mark.parametrize("content_type", TYPES)
def test_an_empty_file_is_a_result(tmp_path: Path, content_type: str) -> None:
    assert metadata(tmp_path, b"", content_type)["size"] == 0
    assert probed(tmp_path, b"", content_type) == (None, None, None)


@pytest.mark.parametrize("content_type", TYPES)
def test_any_sample_under_any_content_type_is_a_result(tmp_path: Path, content_type: str) -> None:
    for name, (make, _) in SAMPLES.items():
        if name not in ("long.txt", "big.tgz"):
            content = make()
            metadata(tmp_path, content, content_type, name)
            probed(tmp_path, content, content_type)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    content_type=st.sampled_from(TYPES),
    head=st.sampled_from(SIGNATURES),
    rest=st.binary(max_size=2_000),
    name=st.text(max_size=20),
)
def test_any_bytes_are_a_result_or_say_why_not(
    tmp_path: Path, content_type: str, head: bytes, rest: bytes, name: str
) -> None:
    file = source(tmp_path, head + rest, content_type, name)
    try:
        analyses.run(file, {}, output := io.BytesIO())
        json.loads(output.getvalue())
        probe.run(file, {"blurhash": True}, io.BytesIO())
    except ProcessingError as error:
        assert error.message


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    name=st.sampled_from([name for name in SAMPLES if name not in ("long.txt", "big.tgz")]),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=6),
    kept=st.floats(0, 1),
)
def test_any_damage_is_a_result(
    tmp_path: Path, name: str, cuts: list[tuple[float, bytes]], kept: float
) -> None:
    content = bytearray(_made(name))
    for place, patch in cuts:
        start = int(place * len(content))
        content[start : start + len(patch)] = patch
    damaged = bytes(content[: int(len(content) * (kept + 1))]) if kept > 0.5 else bytes(content)
    metadata(tmp_path, damaged, SAMPLES[name][1], name)
    probed(tmp_path, damaged, SAMPLES[name][1])


_cache: dict[str, bytes] = {}


def _made(name: str) -> bytes:
    if name not in _cache:
        _cache[name] = SAMPLES[name][0]()
    return _cache[name]


def test_an_answer_is_strict_json_of_bounded_size() -> None:
    hostile = {
        "numbers": [float("nan"), float("inf"), 2**70, 1.5, True],
        "surrogate": "a\ud800b",
        "controls": "a\0\x1b\u202eb",
        "long": ["\U0001f600" * 5_000] * 1_000,
        "more": ["é" * 3_000] * 200,
    }
    data = encoded(hostile)
    assert len(data) <= MAX_BYTES
    found = json.loads(data.decode(), parse_constant=pytest.fail)
    assert found["numbers"] == [None, None, None, 1.5, True]
    assert found["surrogate"] == "a?b"
    assert found["controls"] == "ab"
    assert len(found["long"]) == 100


def test_what_has_no_value_is_not_said() -> None:
    assert known({"a": None, "b": {"c": float("nan")}, "d": 0, "e": "", "f": [], "g": False}) == {
        "d": 0,
        "g": False,
    }


def test_a_worker_has_room_for_every_analysis(tmp_path: Path) -> None:
    for name, (make, _) in SAMPLES.items():
        (tmp_path / name).write_bytes(make())
    types = {name: content_type for name, (_, content_type) in SAMPLES.items()}
    done = subprocess.run(  # noqa: S603 - our own program, below
        [sys.executable, "-c", _IN_A_WORKER, str(tmp_path), json.dumps(types)],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    said = {name: set(answer["metadata"]) for name, answer in json.loads(done.stdout).items()}
    assert "blurhash" in said["photo.jpg"]
    assert "language" in said["a.txt"]
    assert "streams" in said["a.mp4"]
    assert "has_text_layer" in said["a.pdf"]
    assert {name for name, keys in said.items() if "too_large" in keys} == {"bomb.png"}


_IN_A_WORKER = """
import io, json, os, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (600_000_000, 600_000_000))
from processing import analyses
from processing.task import Source
answers = {}
for name, content_type in json.loads(sys.argv[2]).items():
    path = os.path.join(sys.argv[1], name)
    output = io.BytesIO()
    analyses.run(Source(path, content_type, name, os.path.getsize(path)), {}, output)
    answers[name] = json.loads(output.getvalue())
print(json.dumps(answers))
"""


def test_importing_the_package_imports_no_decoder() -> None:
    program = "import sys, processing.analyses; print(*sorted(sys.modules))"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, check=True, cwd=ROOT, timeout=60
    )
    loaded = set(done.stdout.decode().split())
    assert loaded.isdisjoint({"PIL.Image", "av", "pypdfium2", "lingua", "magic", "defusedxml"})


def test_a_file_that_is_gone_is_the_only_failure(tmp_path: Path) -> None:
    gone = Source(str(tmp_path / "gone"), "image/jpeg", "a.jpg", 5)
    assert probe.run(gone, {"blurhash": True}, io.BytesIO())["width"] is None
    analyses.run(gone, {}, output := io.BytesIO())
    assert json.loads(output.getvalue())["metadata"]["damaged"] is True

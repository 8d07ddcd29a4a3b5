"""Analyses of texts: an encoding is found, decoded and named."""

from pathlib import Path

import pytest

from processing import charset
from processing.analyses import text
from tests.processing.pages import source

WORDS = "Съешь же ещё этих мягких французских булок, да выпей чаю."


@pytest.mark.parametrize("name", ["utf-16-le", *charset._LEGACY, *charset._SEVEN_BIT])
def test_a_text_in_any_encoding_is_analyzed_under_its_registered_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(text, "encoding", lambda _: name)
    (found, *_) = text.parts(source(tmp_path, "one two".encode(name), "text/x-log"))
    assert found["encoding"]
    assert found["words"] == 2


def test_cyrillic_of_old_macintoshes_is_analyzed(tmp_path: Path) -> None:
    words = WORDS.encode("mac-cyrillic")
    (found, *_) = text.parts(source(tmp_path, words, "text/x-log"))
    assert found["encoding"] == "x-mac-cyrillic"
    assert found["characters"] == len(WORDS)

"""docs/settings.md against core/settings.py: every setting with its default, and no other."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from core.settings import PREFIX, Settings, load_settings

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| (?:`(.+?)`|none) \| (.+) \|$", re.MULTILINE)
DOCUMENTED = {name: (default, meaning) for name, default, meaning in ROW.findall(PAGE)}
NAMES = [PREFIX + field.name.upper() for field in fields(Settings)]


def test_every_setting_is_documented_once_in_order_and_no_other() -> None:
    assert [name for name, *_ in ROW.findall(PAGE)] == NAMES


def test_every_variable_that_the_page_mentions_exists() -> None:
    mentioned = {name.removesuffix("_FILE") for name in re.findall(rf"{PREFIX}\w+", PAGE)}
    assert mentioned <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_documented_default_is_the_default(name: str) -> None:
    default, _ = DOCUMENTED[name]
    field = name.removeprefix(PREFIX).lower()
    if default:
        assert getattr(Settings(), field) == getattr(load_settings({name: default}), field)
    else:
        assert getattr(Settings(), field) in {"", ()}


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_has_a_meaning(name: str) -> None:
    _, meaning = DOCUMENTED[name]
    assert meaning.endswith(".")


def test_the_example_is_one_that_the_server_takes() -> None:
    (example,) = re.findall(r"^(MEDIA_.+) make run$", PAGE, re.MULTILINE)
    given = dict(pair.split("=") for pair in example.split())
    assert load_settings(given) != Settings()

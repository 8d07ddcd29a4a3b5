"""Every kind of file that has a producer has its version, so that later improvements reach it."""

from types import ModuleType

import pytest

from processing import analyses, previews, texts


@pytest.mark.parametrize("producers", [analyses, previews, texts])
def test_every_kind_with_a_producer_has_a_version(producers: ModuleType) -> None:
    assert producers._VERSIONS.keys() >= producers._MODULES.keys()
    assert all(version >= 1 for version in producers._VERSIONS.values())

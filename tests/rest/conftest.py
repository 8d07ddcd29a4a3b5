"""The described API, running."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.settings import Settings
from tests.rest.described import MAX_UPLOAD_BYTES, Api, served


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Be signed in to a server of small limits."""
    settings = Settings(data_dir=tmp_path, max_upload_bytes=MAX_UPLOAD_BYTES, quota_bytes=5000)
    async with served(settings) as api:
        await api.sign_in()
        yield api

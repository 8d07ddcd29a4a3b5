"""The S3 back end runs the contract's suite against OpenStack Swift, and shows what is S3's own."""

from collections.abc import AsyncIterator

import pytest

from storage.object_store import ObjectStorage
from tests.storage.conformance import StorageContract
from tests.swift import Bucket


@pytest.fixture
async def storage(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ObjectStorage]:
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    storage = ObjectStorage(bucket.url)
    yield storage
    await storage.close()


class TestObjectStorage(StorageContract):
    """Every sentence of the contract, held by an S3 server."""

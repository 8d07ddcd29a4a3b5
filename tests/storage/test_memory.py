"""The memory back end runs the contract's suite."""

import pytest

from storage.memory import MemoryStorage
from tests.storage.conformance import StorageContract


class TestMemoryStorage(StorageContract):
    """Every sentence of the contract, held by memory."""

    @pytest.fixture
    def storage(self) -> MemoryStorage:
        """Return an empty store."""
        return MemoryStorage()

"""Tests of the storage back ends."""

import pytest

# The suite is no test module itself, and its assertions should explain themselves all the same.
pytest.register_assert_rewrite("tests.storage.conformance")

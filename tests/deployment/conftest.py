"""The same fixtures as the acceptance tests have."""

from tests.acceptance.conftest import client, server, token

__all__ = ["client", "server", "token"]

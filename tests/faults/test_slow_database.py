"""A database that works, but too slowly for what is asked of it."""

from collections.abc import Callable

import psycopg

from tests.acceptance.serving import Server
from tests.faults.aftermath import Ledger
from tests.faults.crowd import queries, uploads


def test_what_takes_too_long_is_refused_in_words_and_the_rest_goes_on(
    start: Callable[..., Server], postgres_database: str
) -> None:
    server = start(database_url=f"{postgres_database}?statement_timeout=1")
    ledger = Ledger(server.guest())
    with server.client(ledger.token) as client, psycopg.connect(postgres_database) as other:
        assert uploads(client, ledger).is_success
        other.execute("LOCK TABLE file")  # nobody reads it now
        refused = client.get("/v1/media/files")
        assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")
        assert refused.headers["retry-after"]
        assert "took too long" in refused.json()["detail"]
        (error,) = queries(client, ledger).json()["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert "took too long" in error["message"]
        assert not uploads(client, ledger).is_success
        assert client.get("/v1/account/usage").is_success  # which is not in that table
        other.rollback()
        assert uploads(client, ledger).is_success
    ledger.assert_refused_with("UNAVAILABLE")
    ledger.assert_kept(server)
    server.assert_library_is_sound(after_sweeping=True)
    assert server.stop() == 0
    assert "Traceback" not in server.log

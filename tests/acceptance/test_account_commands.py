"""``media accounts``, beside a server that runs."""

from collections.abc import Callable

from tests.acceptance.serving import Server


def run(server: Server, *arguments: str) -> tuple[int, str, str]:
    done = server._run("-m", "cli.main", "accounts", *arguments)
    return done.returncode, done.stdout, done.stderr


def listed(server: Server) -> dict[str, list[str]]:
    status, printed, _ = run(server, "list")
    assert status == 0
    return {row.split("\t")[0]: row.split("\t")[1:] for row in printed.splitlines()[1:]}


def test_accounts_are_listed_disabled_enabled_promoted_and_demoted(
    start: Callable[..., Server],
) -> None:
    serving = start()
    with serving.client() as anonymous:
        session = anonymous.post("/v1/auth/guest").json()
    account_id = session["user_id"]
    with serving.client(session["access_token"]) as client:
        client.post("/v1/media/upload", files={"file": ("a.txt", b"four")})
    assert listed(serving)[account_id][:4] == ["guest", "enabled", "1", "4"]
    status, printed, _ = run(serving, "disable", account_id)
    assert (status, printed.split()[0]) == (0, account_id)
    assert listed(serving)[account_id][1] == "disabled"
    body = {"refresh_token": session["refresh_token"]}
    with serving.client() as anonymous:
        assert anonymous.post("/v1/auth/refresh", json=body).status_code == 401
    run(serving, "enable", account_id)
    run(serving, "promote", account_id)
    assert listed(serving)[account_id][:2] == ["administrator", "enabled"]
    with serving.client() as anonymous:
        refreshed = anonymous.post("/v1/auth/refresh", json=body).json()
    assert refreshed["kind"] == "administrator"
    run(serving, "demote", account_id)
    assert listed(serving)[account_id][0] == "user"
    assert serving.stop() == 0


def test_an_account_is_found_by_its_address_if_it_is_the_only_one(
    start: Callable[..., Server],
) -> None:
    serving = start()
    tokens = [serving.account("user") for _ in range(2)]
    ids = list(listed(serving))
    assert len(tokens) == len(ids)
    serving.rows(
        "UPDATE user_account SET email = 'Ada@example.org', email_folded = 'ada@example.org'"
    )
    status, _, complaint = run(serving, "disable", "ada@example.org")
    assert status == 1
    assert all(account_id in complaint for account_id in ids)
    serving.rows(f"UPDATE user_account SET email_folded = NULL WHERE id = '{ids[0]}'")
    assert run(serving, "disable", "ADA@example.org")[0] == 0
    assert {one: row[1] for one, row in listed(serving).items()} == {
        ids[0]: "enabled",
        ids[1]: "disabled",
    }
    assert run(serving, "disable", "nobody@example.org")[0] == 1
    assert serving.stop() == 0

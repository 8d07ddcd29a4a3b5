"""Quotas over the wire: refused early, never passed, and told the same by both transports."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.serving import Server
from tests.acceptance.wire import exchange, part, upload_head

MIB = 1024 * 1024
QUOTA = 3 * MIB
UPLOAD = "mutation ($file: Upload!) { upload(file: $file) { id } }"
UPLOAD_MANY = "mutation ($files: [Upload!]!) { uploadMany(files: $files) { id } }"
USAGE = "{ viewer { usage { bytes files quotaBytes quotaFiles } quotaBytes bytesUsed filesCount } }"


@pytest.fixture(params=["sqlite", "postgres"])
def limited(request: pytest.FixtureRequest, start: Callable[..., Server]) -> Server:
    """Serve with small quotas, on either engine."""
    more = {}
    if request.param == "postgres":
        more = {"database_url": request.getfixturevalue("postgres_database")}
    return start(guest_quota_bytes=QUOTA, guest_quota_files=40, **more)


@pytest.fixture
def guest(limited: Server) -> Iterator[httpx.Client]:
    with limited.client(limited.guest()) as client:
        yield client


def over_rest(client: httpx.Client, content: bytes) -> tuple[int, Any]:
    files, fields = {"file": ("a.bin", content)}, {"description": "the field after the file"}
    answer = client.post("/v1/media/upload", files=files, data=fields)
    return answer.status_code, answer.json()


def over_graphql(client: httpx.Client, content: bytes) -> tuple[int, Any]:
    operations = {"query": UPLOAD, "variables": {"file": None}}
    answer = Gql(client).multipart(operations, {"0": ["variables.file"]}, {"0": ("a", content)})
    return answer.status_code, answer.json()


Upload = Callable[[httpx.Client, bytes], tuple[int, Any]]
TRANSPORTS = pytest.mark.parametrize("upload", [over_rest, over_graphql])


def usage(client: httpx.Client) -> dict[str, Any]:
    """Return the usage, which both transports tell alike."""
    rest = client.get("/v1/account/usage").json()["data"]
    viewer = Gql(client).data(USAGE)["viewer"]
    used = viewer["usage"]
    assert rest == {
        "bytes": used["bytes"],
        "files": used["files"],
        "quota_bytes": used["quotaBytes"],
        "quota_files": used["quotaFiles"],
    }
    assert (viewer["quotaBytes"], viewer["bytesUsed"]) == (used["quotaBytes"], used["bytes"])
    assert viewer["filesCount"] == used["files"]
    return dict(rest)


@TRANSPORTS
def test_fifty_parallel_uploads_never_pass_the_quota(
    limited: Server, guest: httpx.Client, upload: Upload
) -> None:
    size = QUOTA // 10 - 5

    def attempt(number: int) -> int:
        return upload(guest, b"%06d" % number + bytes(size - 6))[0]

    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(attempt, range(50)))
    accepted = statuses.count(200)
    assert set(statuses) == {200, 403}
    assert usage(guest)["bytes"] == accepted * size <= QUOTA
    # What a field after the file held in excess may have kept one out; it fits now.
    while accepted < 10:
        assert attempt(100 + accepted) == 200
        accepted += 1
    assert attempt(200) == 403
    assert usage(guest) == {
        "bytes": 10 * size,
        "files": 10,
        "quota_bytes": QUOTA,
        "quota_files": 40,
    }


def test_the_number_of_files_is_held_too(guest: httpx.Client) -> None:
    with ThreadPoolExecutor(25) as pool:
        statuses = list(pool.map(lambda _: over_rest(guest, b"")[0], range(50)))
    assert (statuses.count(200), statuses.count(403)) == (40, 10)
    assert usage(guest)["files"] == 40


@TRANSPORTS
def test_a_refusal_has_the_figures(guest: httpx.Client, upload: Upload) -> None:
    assert upload(guest, b"x" * 1000)[0] == 200
    status, told = upload(guest, bytes(QUOTA))
    assert status == 403
    problem = told if upload is over_rest else told["errors"][0]["extensions"]
    spelled = (lambda name: name) if upload is over_rest else camel
    assert problem["code"] == "QUOTA_EXCEEDED"
    figures = problem["figures"]
    assert figures.pop(spelled("needed_bytes")) > QUOTA - 1000
    assert figures.pop(spelled("held_bytes")) <= QUOTA - 1000
    assert figures.pop(spelled("held_files")) == 1
    assert figures == {
        "bytes": 1000,
        "files": 1,
        spelled("quota_bytes"): QUOTA,
        spelled("quota_files"): 40,
    }
    assert upload(guest, bytes(QUOTA - 1000))[0] == 200


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


def test_what_is_certainly_too_much_is_refused_before_it_is_sent(limited: Server) -> None:
    begun = part("file", "a", bytes(10))
    head = upload_head(limited.guest(), f"Content-Length: {QUOTA + 3 * MIB}")
    answer = exchange(limited, head, begun)  # and nothing more of the file
    assert answer.status == 403
    assert b"QUOTA_EXCEEDED" in answer.body


def test_files_of_one_request_fit_together_up_to_the_last_byte(guest: httpx.Client) -> None:
    sizes = [MIB, 500, 0, MIB + 300_000, QUOTA - 2 * MIB - 300_500]
    variables = {"files": [None] * len(sizes)}
    files = {f"files.{n}": (f"{n}.bin", bytes([n]) * size) for n, size in enumerate(sizes)}
    Gql(guest).upload(UPLOAD_MANY, variables, files)
    assert usage(guest)["bytes"] == QUOTA
    assert over_rest(guest, b"x")[0] == 403
    assert over_rest(guest, b"")[0] == 200


def test_the_command_gives_an_account_its_own_quota(limited: Server, guest: httpx.Client) -> None:
    account = Gql(guest).data("{ viewer { id } }")["viewer"]["id"]

    def command(*options: str) -> tuple[int, str]:
        done = limited._run("-m", "cli.main", "accounts", "quota", account, *options)
        return done.returncode, done.stdout.strip()

    assert command() == (0, f"0 bytes of {QUOTA}, 0 files of 40")
    assert command("--bytes", "10", "--files", "none") == (0, "0 bytes of 10, 0 files of no limit")
    assert over_rest(guest, b"x" * 11)[0] == 403
    assert over_rest(guest, b"x" * 10)[0] == 200
    assert command("--bytes", "default") == (0, f"10 bytes of {QUOTA}, 1 files of no limit")
    assert usage(guest)["quota_bytes"] == QUOTA
    assert command("--bytes", "-1")[0] == 2
    unknown = limited._run("-m", "cli.main", "accounts", "quota", "user_nobody")
    assert unknown.returncode == 1
    assert "no account" in unknown.stderr

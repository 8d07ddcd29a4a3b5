"""The access matrix, row by row."""

from dataclasses import dataclass, replace

import pytest

from auth.policy import NO_SUCH_FILE, SIGN_IN, Operation, Policy
from auth.viewer import ANONYMOUS, Viewer
from core.errors import ErrorCode, MediaError
from models.file import Visibility
from models.user import UserKind

READ, UPDATE, DELETE = Operation.READ, Operation.UPDATE, Operation.DELETE
OK, HIDDEN, FORBIDDEN, SIGN_IN_FIRST = "OK", "NOT_FOUND", "FORBIDDEN", "UNAUTHENTICATED"

ME = "user_me"
VIEWERS = {
    "anonymous": ANONYMOUS,
    "guest": Viewer(ME, UserKind.GUEST),
    "user": Viewer(ME, UserKind.USER),
    "administrator": Viewer(ME, UserKind.ADMINISTRATOR),
}

# Who, whose file of which visibility: what becomes of reading, of updating, of deleting it.
MATRIX = {
    ("anonymous", "other's", "private"): (SIGN_IN_FIRST, SIGN_IN_FIRST, SIGN_IN_FIRST),
    ("anonymous", "other's", "shared"): (SIGN_IN_FIRST, SIGN_IN_FIRST, SIGN_IN_FIRST),
    ("anonymous", "other's", "public"): (OK, SIGN_IN_FIRST, SIGN_IN_FIRST),
    ("guest", "own", "private"): (OK, OK, OK),
    ("guest", "own", "shared"): (OK, OK, OK),
    ("guest", "own", "public"): (OK, OK, OK),
    ("guest", "other's", "private"): (HIDDEN, HIDDEN, HIDDEN),
    ("guest", "other's", "shared"): (OK, FORBIDDEN, FORBIDDEN),
    ("guest", "other's", "public"): (OK, FORBIDDEN, FORBIDDEN),
    ("user", "own", "private"): (OK, OK, OK),
    ("user", "own", "shared"): (OK, OK, OK),
    ("user", "own", "public"): (OK, OK, OK),
    ("user", "other's", "private"): (HIDDEN, HIDDEN, HIDDEN),
    ("user", "other's", "shared"): (OK, FORBIDDEN, FORBIDDEN),
    ("user", "other's", "public"): (OK, FORBIDDEN, FORBIDDEN),
    ("administrator", "own", "private"): (OK, OK, OK),
    ("administrator", "own", "shared"): (OK, OK, OK),
    ("administrator", "own", "public"): (OK, OK, OK),
    ("administrator", "other's", "private"): (OK, FORBIDDEN, OK),
    ("administrator", "other's", "shared"): (OK, OK, OK),
    ("administrator", "other's", "public"): (OK, OK, OK),
}
# Links go by who may update.
COLUMNS = {
    READ: 0,
    Operation.LIST: 0,
    UPDATE: 1,
    DELETE: 2,
    Operation.SIGN_LINKS: 1,
    Operation.REVOKE_LINKS: 1,
}
# An administrator shares what it may delete, and everybody else what they may change.
COLUMNS |= dict.fromkeys((Operation.SHARE, Operation.UNSHARE, Operation.SEE_SHARES), 2)
CASES = [
    (*row, operation, verdicts[column])
    for row, verdicts in MATRIX.items()
    for operation, column in COLUMNS.items()
]


@dataclass(frozen=True)
class OwnedFile:
    """What the policy needs of a file."""

    id: str
    owner_id: str
    visibility: Visibility
    granted_to: str | None = None


def file_of(owner: str, visibility: str) -> OwnedFile:
    return OwnedFile("file_1", ME if owner == "own" else "user_other", Visibility(visibility))


def verdict_of(
    viewer: Viewer, operation: Operation, file: OwnedFile | None, policy: Policy | None = None
) -> tuple[str, str]:
    """Return the code and the message, or OK."""
    try:
        (policy or Policy()).authorize(viewer, operation, file)
    except MediaError as error:
        return error.code, error.message
    return OK, ""


@pytest.mark.parametrize(("who", "whose", "visibility", "operation", "verdict"), CASES)
def test_the_matrix(
    who: str, whose: str, visibility: str, operation: Operation, verdict: str
) -> None:
    assert verdict_of(VIEWERS[who], operation, file_of(whose, visibility))[0] == verdict


@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("who", VIEWERS)
def test_what_is_shared_by_name_is_read_by_the_account_that_is_named(
    who: str, visibility: Visibility, operation: Operation
) -> None:
    plain = file_of("other's", visibility.value)
    before = verdict_of(VIEWERS[who], operation, plain)
    for_others = replace(plain, granted_to="user_third")
    assert verdict_of(VIEWERS[who], operation, for_others) == before
    named = replace(plain, granted_to=ME)
    if who in {"guest", "user"}:
        for policy in (Policy(), Policy(guests_read_shared=False)):
            expected = OK if COLUMNS[operation] == 0 else FORBIDDEN
            assert verdict_of(VIEWERS[who], operation, named, policy)[0] == expected
    else:
        assert verdict_of(VIEWERS[who], operation, named) == before


@pytest.mark.parametrize("who", VIEWERS)
def test_the_shares_of_a_file_are_seen_by_those_who_may_ask_for_them(who: str) -> None:
    for file in (file_of("own", "private"), file_of("other's", "public")):
        verdict = verdict_of(VIEWERS[who], Operation.SEE_SHARES, file)[0]
        assert Policy.sees_shares(VIEWERS[who], file) is (verdict == OK)


def test_the_matrix_is_complete() -> None:
    accounts = [who for who in VIEWERS if who != "anonymous"]
    every = {("anonymous", "other's", visibility.value) for visibility in Visibility} | {
        (who, whose, visibility.value)
        for who in accounts
        for whose in ("own", "other's")
        for visibility in Visibility
    }
    assert MATRIX.keys() == every


@pytest.mark.parametrize("who", VIEWERS)
@pytest.mark.parametrize("operation", Operation)
def test_what_is_hidden_and_what_is_missing_cannot_be_told_apart(
    who: str, operation: Operation
) -> None:
    missing = verdict_of(VIEWERS[who], operation, None)
    expected = (SIGN_IN_FIRST, SIGN_IN) if who == "anonymous" else (HIDDEN, NO_SUCH_FILE)
    assert missing == expected
    if who != "administrator":
        assert verdict_of(VIEWERS[who], operation, file_of("other's", "private")) == missing


@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize(("who", "shut_out"), [("guest", True), ("user", False)])
def test_guests_can_be_shut_out_of_shared_files(
    who: str, operation: Operation, *, shut_out: bool
) -> None:
    viewer, policy = VIEWERS[who], Policy(guests_read_shared=False)
    shared, private = file_of("other's", "shared"), file_of("other's", "private")
    as_private = verdict_of(viewer, operation, private, policy)
    assert (verdict_of(viewer, operation, shared, policy) == as_private) is shut_out
    assert policy.reads_shared(viewer) is not shut_out
    assert verdict_of(viewer, operation, file_of("own", "shared"), policy)[0] == OK
    public = file_of("other's", "public")
    assert verdict_of(viewer, operation, public, policy) == verdict_of(viewer, operation, public)


@pytest.mark.parametrize(("row", "verdicts"), MATRIX.items())
def test_what_can_be_read_exists(row: tuple[str, str, str], verdicts: tuple[str, ...]) -> None:
    who, whose, visibility = row
    readable = Policy().can_read(VIEWERS[who], file_of(whose, visibility))
    assert readable is (verdicts[0] == OK)


@pytest.mark.parametrize("who", VIEWERS)
def test_only_an_account_may_upload(who: str) -> None:
    if who == "anonymous":
        with pytest.raises(MediaError) as refusal:
            Policy.require_account(VIEWERS[who])
        assert refusal.value.code is ErrorCode.UNAUTHENTICATED
    else:
        assert Policy.require_account(VIEWERS[who]) == ME


@pytest.mark.parametrize(
    ("row", "operation", "audited"),
    [
        (("administrator", "other's", "private"), READ, True),
        (("administrator", "other's", "private"), Operation.LIST, True),
        (("administrator", "other's", "private"), DELETE, True),
        (("administrator", "other's", "shared"), READ, True),
        (("administrator", "other's", "shared"), UPDATE, True),
        (("administrator", "other's", "public"), READ, False),
        (("administrator", "other's", "public"), Operation.LIST, False),
        (("administrator", "other's", "public"), DELETE, True),
        (("administrator", "own", "private"), DELETE, False),
        (("user", "other's", "shared"), READ, False),
        (("user", "own", "private"), DELETE, False),
        (("anonymous", "other's", "public"), READ, False),
    ],
)
def test_what_an_administrator_does_to_foreign_files_is_audited(
    row: tuple[str, str, str], operation: Operation, *, audited: bool
) -> None:
    who, whose, visibility = row
    assert Policy.is_audited(VIEWERS[who], operation, file_of(whose, visibility)) is audited


@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("row", MATRIX)
def test_a_key_that_may_only_read_gets_what_its_account_reads_and_nothing_else(
    row: tuple[str, str, str], operation: Operation
) -> None:
    who, whose, visibility = row
    viewer = replace(VIEWERS[who], read_only=True)
    refused = (ErrorCode.INSUFFICIENT_SCOPE, "This API key may only read; use one of scope write.")
    found = verdict_of(viewer, operation, file_of(whose, visibility))
    missing = verdict_of(viewer, operation, None)
    if operation in {READ, Operation.LIST, Operation.SEE_SHARES}:
        assert found == verdict_of(VIEWERS[who], operation, file_of(whose, visibility))
    else:
        assert found == missing == refused
    with pytest.raises(MediaError) as refusal:
        Policy.require_writer(viewer)
    assert refusal.value.code is ErrorCode.INSUFFICIENT_SCOPE

"""Access tokens: what is refused, and how long the rest holds."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from auth.tokens import TokenClaims, TokenSigner, bearer_token
from core.errors import UnauthenticatedError
from core.ids import IdPrefix, new_id

SECRET = secrets.token_urlsafe(48)
LIFETIME = 3600
LEEWAY = 30
ACCOUNT = new_id(IdPrefix.USER)
RSA = RSAKey.generate_key(2048)
KEY_ID = hashlib.sha256(SECRET.encode()).hexdigest()[:16]


@pytest.fixture
def signer() -> TokenSigner:
    return TokenSigner(SECRET, LIFETIME)


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {"iss": "media-api", "sub": ACCOUNT, "iat": now, "exp": now + LIFETIME, **changed}
    return {name: value for name, value in whole.items() if value is not None}


def part(content: Any) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def signed(header: Any, payload: Any, secret: str = SECRET) -> str:
    """Return a token that is truly signed with ``secret`` by HMAC-SHA-256, whatever it says."""
    message = f"{part(header)}.{part(payload)}"
    digest = hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()
    return f"{message}.{part(digest)}"


def header(**changed: Any) -> dict[str, Any]:
    whole = {"alg": "HS256", "kid": KEY_ID, **changed}
    return {name: value for name, value in whole.items() if value is not None}


def by_joserfc(algorithm: str, key: Any) -> str:
    return jwt.encode(header(alg=algorithm), claims(), key, algorithms=[algorithm])


def key_confusion() -> str:
    """Return a token whose HMAC key is a public key, as if that had been configured."""
    return signed(header(), claims(), RSA.as_pem(private=False).decode())


def altered(change: Callable[[list[str]], None]) -> str:
    parts = TokenSigner(SECRET, LIFETIME).issue(ACCOUNT).split(".")
    change(parts)
    return ".".join(parts)


def another_account(parts: list[str]) -> None:
    parts[1] = part(claims(sub=new_id(IdPrefix.USER)))


def no_signature(parts: list[str]) -> None:
    parts[2] = ""


def flipped(parts: list[str]) -> None:
    parts[2] = ("B" if parts[2][0] == "A" else "A") + parts[2][1:]


REFUSED = {
    "no algorithm": f"{part(header(alg='none'))}.{part(claims())}.",
    "no algorithm, in capitals": f"{part(header(alg='NONE'))}.{part(claims())}.",
    "no algorithm, yet signed": signed(header(alg="none"), claims()),
    "another HMAC": by_joserfc("HS512", OctKey.import_key(SECRET)),
    "an RSA signature": by_joserfc("RS256", RSA),
    "RSA in the header over our HMAC": signed(header(alg="RS256"), claims()),
    "signed with a public key": key_confusion(),
    "the algorithm is a list": signed(header(alg=["HS256"]), claims()),
    "without an algorithm": signed(header(alg=None), claims()),
    "an unknown critical extension": signed(header(crit=["exp"], exp=1), claims()),
    "another unknown critical extension": signed(header(crit=["x"], x=1), claims()),
    "critical but absent": signed(header(crit=["x"]), claims()),
    "critical of the wrong type": signed(header(crit=7), claims()),
    "unencoded payload": signed(header(crit=["b64"], b64=False), claims()),
    "another key id": signed(header(kid="0" * 16), claims()),
    "a path as a key id": signed(header(kid="../../dev/null"), claims()),
    "a number as a key id": signed(header(kid=7), claims()),
    "a list as a key id": signed(header(kid=[KEY_ID]), claims()),
    "no key id": signed(header(kid=None), claims()),
    "a key of its own": signed(
        header(jwk={"kty": "oct", "k": part(b"x" * 32)}), claims(), "x" * 32
    ),
    "a foreign secret": signed(header(), claims(), "x" * 48),
    "no issuer": signed(header(), claims(iss=None)),
    "another issuer": signed(header(), claims(iss="somebody")),
    "a list of issuers": signed(header(), claims(iss=["media-api"])),
    "no subject": signed(header(), claims(sub=None)),
    "an empty subject": signed(header(), claims(sub="")),
    "a number as subject": signed(header(), claims(sub=7)),
    "a file as subject": signed(header(), claims(sub=new_id(IdPrefix.FILE))),
    "no expiry": signed(header(), claims(exp=None)),
    "a text as expiry": signed(header(), claims(exp="tomorrow")),
    "a list as expiry": signed(header(), claims(exp=[2**40])),
    "expired": signed(header(), claims(exp=int(time.time()) - LEEWAY - 5)),
    "expired at the beginning of time": signed(header(), claims(exp=0)),
    "expired before it": signed(header(), claims(exp=-1)),
    "not yet valid": signed(header(), claims(nbf=int(time.time()) + 3600)),
    "claims that are a list": signed(header(), [1]),
    "claims that are no JSON": signed(header(), b"\xff\xfe{"),
    "a header that is a list": signed([1], claims()),
    "a header that is no JSON": signed(b"\xff", claims()),
    "deeply nested": signed(header(), b"[" * 1500),
    "an altered account": altered(another_account),
    "a removed signature": altered(no_signature),
    "an altered signature": altered(flipped),
    "a megabyte": signed(header(), claims(pad="x" * 1_000_000)),
    "a megabyte of dots": "." * 1_000_000,
    "two parts": "a.b",
    "five parts": "a.b.c.d.e",
    "empty": "",
    "not ASCII": "é.é.é",
    "a lone surrogate": "\ud800.a.b",
}


@pytest.mark.parametrize("token", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_ours_to_the_letter_is_refused(signer: TokenSigner, token: str) -> None:
    for _ in range(2):  # a refusal is not remembered as anything else
        with pytest.raises(UnauthenticatedError):
            signer.verify(token)


def test_the_test_signs_like_the_server(signer: TokenSigner) -> None:
    assert signer.verify(signed(header(), claims())).account_id == ACCOUNT


def test_a_token_names_the_account_it_was_issued_to(signer: TokenSigner) -> None:
    token = signer.issue(ACCOUNT)
    assert signer.verify(token).account_id == ACCOUNT
    assert TokenSigner(SECRET, 60).verify(token).account_id == ACCOUNT


def test_a_token_names_its_session_and_version(signer: TokenSigner) -> None:
    session = new_id(IdPrefix.SESSION)
    named = signer.verify(signer.issue(ACCOUNT, session, 3, 60))
    assert named == TokenClaims(ACCOUNT, session, 3)


@pytest.mark.parametrize(
    "odd", [{"sid": "x"}, {"sid": ACCOUNT}, {"sid": 1}, {"ver": "1"}, {"ver": True}, {"ver": 1.5}]
)
def test_an_odd_session_or_version_is_refused(signer: TokenSigner, odd: dict[str, Any]) -> None:
    with pytest.raises(UnauthenticatedError):
        signer.verify(signed(header(), claims(**odd)))


def test_tokens_of_an_earlier_secret_hold_by_their_key_id_while_it_is_kept() -> None:
    old = TokenSigner(SECRET, LIFETIME)
    new = secrets.token_urlsafe(48)
    token = old.issue(ACCOUNT)
    rotated = TokenSigner(new, LIFETIME, [secrets.token_urlsafe(48), SECRET])
    assert rotated.verify(token).account_id == ACCOUNT
    with pytest.raises(UnauthenticatedError):
        TokenSigner(new, LIFETIME).verify(token)
    with pytest.raises(UnauthenticatedError):  # new ones are signed with the new secret alone
        old.verify(rotated.issue(ACCOUNT))
    with pytest.raises(UnauthenticatedError):  # and the kid of one key does not take another's
        rotated.verify(signed(header(), claims(), new))


@given(st.text(max_size=300))
def test_nothing_but_a_refusal_comes_of_garbage(token: str) -> None:
    with pytest.raises(UnauthenticatedError):
        TokenSigner(SECRET, LIFETIME).verify(token)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "typ", "zip"]), json_values),
    st.dictionaries(
        st.sampled_from(["iss", "sub", "exp", "nbf", "iat", "aud", "sid", "ver"]), json_values
    ),
)
def test_nothing_but_a_refusal_comes_of_odd_values(
    odd_header: dict[str, Any], odd_claims: dict[str, Any]
) -> None:
    signer = TokenSigner(SECRET, LIFETIME)
    try:
        named = signer.verify(signed({**header(), **odd_header}, {**claims(), **odd_claims}))
    except UnauthenticatedError:
        return
    assert named.account_id == ACCOUNT


@pytest.mark.parametrize("late", [0, LEEWAY - 10])
def test_a_clock_may_be_a_little_off(signer: TokenSigner, late: int) -> None:
    expiring = claims(exp=int(time.time()) - late)
    assert signer.verify(signed(header(), expiring)).account_id == ACCOUNT


def test_a_token_that_was_valid_expires(
    signer: TokenSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, token = time.time(), signer.issue(ACCOUNT)
    assert signer.verify(token).account_id == ACCOUNT
    monkeypatch.setattr(time, "time", lambda: start + LIFETIME + LEEWAY - 5)
    assert signer.verify(token).account_id == ACCOUNT
    monkeypatch.setattr(time, "time", lambda: start + LIFETIME + LEEWAY + 5)
    with pytest.raises(UnauthenticatedError):
        signer.verify(token)


def test_the_memory_of_verified_tokens_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth.tokens._CACHE_SIZE", 3)
    signer = TokenSigner(SECRET, LIFETIME)
    accounts = [new_id(IdPrefix.USER) for _ in range(10)]
    tokens = [signer.issue(account) for account in accounts]
    named = [signer.verify(token).account_id for token in tokens]
    assert named == accounts
    assert len(signer._verified) == 3
    named = [signer.verify(token).account_id for token in tokens]
    assert named == accounts


@pytest.mark.parametrize(
    ("value", "token"),
    [
        (None, None),
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("  BEARER   abc  ", "abc"),
    ],
)
def test_a_bearer_token_is_read(value: str | None, token: str | None) -> None:
    assert bearer_token(value) == token


@pytest.mark.parametrize("value", ["", " ", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc"])
def test_any_other_authorization_is_refused(value: str) -> None:
    with pytest.raises(UnauthenticatedError):
        bearer_token(value)

"""Log lines in both forms, and what must never stand in them."""

import asyncio
import json
import logging
import sys
from typing import Any

import pytest

from core.logs import JsonFormatter, TextFormatter, redacted, without_cut_off
from core.observation import OBSERVATION, Observation

TEXT = TextFormatter("%(levelname)s %(name)s: %(message)s")
SECRETS = [
    "GET /v1/media/files/x/download?disposition=inline&expires=1&signature={}",
    'GET "/x?signature={}" HTTP/1.1',
    "Authorization: Bearer {}",
    "authorization=Basic {}, x",
    "access_token={}&token_type=bearer",
    "refresh_token={}",
    "https://app.example/callback?code={}&state=x",
    "client_secret={}",
    "postgres://media:{}@db.example/media is down",
    "redis://:{}@cache.example/0",
    "password={}",
    "api_key={}",
]


def record(message: str, *arguments: object, **more: Any) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "media.x", "levelname": "INFO", "msg": message, **more})
    made.args = arguments
    return made


@pytest.fixture
def seen() -> Any:
    noted = Observation("r-1", trace_id="a" * 32, span_id="b" * 16)
    token = OBSERVATION.set(noted)
    yield noted
    OBSERVATION.reset(token)


@pytest.mark.parametrize("secret", ["s3cr3t", "eyJh.eyJz.SflK_-x", "a%2Fb+c=="])
@pytest.mark.parametrize("line", SECRETS)
def test_a_secret_stands_in_no_line(line: str, secret: str) -> None:
    text = line.format(secret)
    for shown in (
        redacted(text),
        TEXT.format(record("%s", text)),
        JsonFormatter().format(record("%s", text)),
    ):
        assert secret not in shown
    before, after = line.split("{}")
    assert redacted(text).startswith(before)
    assert redacted(text).endswith(after)


@pytest.mark.parametrize(
    "line",
    [
        "serving at http://127.0.0.1:8000",
        "the bytes of file_01 are gone: 0af3",
        "administrator user_1: sign links to file_1",
        "http://[::1]:8000/v1/media/files?tag=x&limit=1",
        "mail me@example.com",
    ],
)
def test_what_holds_no_secret_stays_as_it_is(line: str) -> None:
    assert redacted(line) == line


def test_a_line_for_people_names_its_request_and_has_its_traceback_below(
    seen: Observation,
) -> None:
    assert TEXT.format(record("all %s", "well")) == "INFO media.x: all well (request r-1)"
    try:
        raise ValueError("signature=abc")  # noqa: TRY301 - to be caught
    except ValueError:
        line = TEXT.format(record("it failed", exc_info=sys.exc_info()))
    first, *below = line.splitlines()
    assert first == "INFO media.x: it failed (request r-1)"
    assert below[-1] == "ValueError: signature=***"


@pytest.mark.parametrize("odd", ["a\nERROR media.x: forged", "a\r\x1b[2Jb", "a\u2028b", "\u202eb"])
def test_a_message_cannot_forge_a_line_for_people(odd: str) -> None:
    line = TEXT.format(record("%s: 404", odd))
    assert line.isprintable()
    assert line.endswith(": 404")


def test_a_json_line_is_one_object_with_the_ids_of_its_request(seen: Observation) -> None:
    try:
        raise ValueError("token=abc\nsecond line")  # noqa: TRY301 - to be caught
    except ValueError:
        made = record("two\nlines", exc_info=sys.exc_info(), fields={"status": 200})
    line = JsonFormatter().format(made)
    assert "\n" not in line
    told = json.loads(line)
    assert told["time"].endswith("Z")
    assert (told["level"], told["logger"], told["message"]) == ("info", "media.x", "two\nlines")
    assert (told["request_id"], told["trace_id"], told["span_id"]) == ("r-1", "a" * 32, "b" * 16)
    assert told["status"] == 200
    assert told["exception"].startswith("Traceback")
    assert "ValueError: token=***" in told["exception"]


def test_a_line_outside_of_requests_has_no_ids() -> None:
    told = json.loads(JsonFormatter().format(record("up")))
    assert told.keys() == {"time", "level", "logger", "message"}
    assert TEXT.format(record("up")) == "INFO media.x: up"


def test_text_that_is_no_unicode_is_a_line_all_the_same() -> None:
    assert json.loads(JsonFormatter().format(record("a\udc80b")))["message"]


@pytest.mark.parametrize("error", [asyncio.CancelledError(), ValueError("a fault")])
def test_a_request_that_the_drain_cuts_off_leaves_a_line_and_a_fault_its_traceback(
    error: BaseException,
) -> None:
    told = record("Exception in ASGI application", name="uvicorn.error", levelname="ERROR")
    told.exc_info = (type(error), error, None)
    assert without_cut_off(told)
    cut_off = isinstance(error, asyncio.CancelledError)
    assert ("cut off at the end of the drain" in TEXT.format(told)) == cut_off
    assert (told.exc_info is None) == cut_off

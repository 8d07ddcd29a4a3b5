"""Every setting with every bad value: a value that can be used, or one line that names it."""

from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.settings import PREFIX, Settings, SettingsError, load_settings
from models.configuration import tortoise_config
from services.limits.counters import Counters

NAMES = [field.name.upper() for field in fields(Settings)]
WORDS = [
    "",
    " ",
    "\t\n",
    "nothing",
    "None",
    "null",
    "~",
    "'",
    '"',
    "a b",
    "a\nb",
    "\x7f",
    "\u202e",
    "\udc80",
    "ö",
    "😀",
    "x" * 70,
    "x" * 5000,
]
NUMBERS = [
    "-1",
    "0",
    "1",
    "1.5",
    "1e9",
    "nan",
    "inf",
    "-inf",
    "0x10",
    "1_000",
    "+1",
    "٣",
    "²",
    "5",
    str(2**31),
    str(2**63),
    str(2**64),
    "9" * 400,
    "9" * 5000,
]
PATHS = [
    "~nosuchuser/x",
    "~nosuchuser",
    "/etc/passwd",
    "/etc/passwd/x",
    "/" * 300,
    "relative",
    "..",
    "/a\ud800b",
    "/%00",
]
URLS = [
    "http://",
    "https://",
    "http:",
    "http:///x",
    "http://[::1",
    "http://[x]",
    "https://ho st",
    "https://exa\nmple",
    "https://host:0x1",
    "https://host:99999",
    "https://host:-1",
    "https://ho℀st",
    "https://höst",
    "https://host?x",
    "https://host#x",
    "https://..",
    "javascript:alert(1)",
    "//host",
    "://",
    "sqlite:",
    "sqlite://",
    "sqlite:///",
    "sqlite:x",
    "sqlite:///a%00b",
    "sqlite://:memory:",
    "postgres://",
    "postgres:x",
    "postgres://u:p℀@h/d",
    "postgres://h/d?maxsize=abc",
    "postgres://h/d?maxsize=" + "9" * 5000,
    "postgres://h/d?x=1",
    "postgres://h/d?connect_timeout=nan",
    "postgres://h/d?statement_cache_size=-1",
    "postgres://h/d?max_queries=x",
    "file:",
    "file://",
    "file:x",
    "file://host/x",
    "file:///",
    "file:///a%00b",
    "memory:",
    "memory:x",
    "s3:",
    "s3://",
    "s3:bucket",
    "s3://ü",
    "s3://b:1",
    "s3://b:99999",
    "redis:",
    "redis://",
    "redis://h:99999",
    "redis://h/x",
    "redis://h?socket_timeout=x",
    "redis://h?x=1",
    "rediss://h?ssl_cert_reqs=x",
]
ADDRESSES = [
    ":",
    ":80",
    "host:",
    "host:0",
    "host:٣",
    "host:65536",
    "host:" + "9" * 5000,
    "..:80",
    "a..b",
    "[::1]:80",
    "[::1",
    "10.0.0.1/8",
    "10.0.0.0/33",
    "*",
    ",",
    ",,",
    "http://h:80",
]
RATES = [
    "1/",
    "/minute",
    "0/minute",
    "-1/minute",
    "1/fortnight",
    "٣/minute",
    "1e3/minute",
    f"{'9' * 30}/minute",
    "off/minute",
]
BATTERY = [*WORDS, *NUMBERS, *PATHS, *URLS, *ADDRESSES, *RATES]
WEB_URLS = ["S3_PUBLIC_ENDPOINT", "PUBLIC_URL", "OIDC_ISSUER"]
FROM_A_FILE = [
    "SECRET_KEY",
    "PREVIOUS_SECRET_KEYS",
    "OIDC_CLIENT_SECRET",
    "DATABASE_URL",
    "REDIS_URL",
]


def loaded(name: str, value: str) -> Settings | None:
    """Return the settings, or None where one line says what is wrong with the value."""
    try:
        settings = load_settings({PREFIX + name: value})
        use(settings)
    except SettingsError as refusal:
        line = str(refusal)
        assert line.startswith(PREFIX + name.removesuffix("_FILE"))
        assert len(line.splitlines()) == 1
        line.encode()  # can be written wherever it goes
        assert len(line.partition(": ")[2]) > 5
        return None
    return settings


def use(settings: Settings) -> None:
    """Hand the values to what is made of them at the start, as far as nothing is connected."""
    if settings.database_url:
        tortoise_config(settings.database_url)
    if settings.redis_url:
        Counters(settings.redis_url)
    assert settings.metrics_listener is None or settings.metrics_listener[1] > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_value_is_refused_in_one_line_that_names_the_setting(name: str) -> None:
    for value in BATTERY:
        settings = loaded(name, value)
        if settings is not None:
            assert_usable(name, getattr(settings, name.lower()))


def assert_usable(name: str, value: object) -> None:
    """Assert what holds for a value that was taken."""
    if isinstance(value, int):
        assert 0 <= value <= 2**62
    for text in value if isinstance(value, tuple) else [value]:
        assert str(text).encode() or not text
    if name in WEB_URLS and value:
        assert urlsplit(str(value)).hostname
        assert str(value).isascii()
    if name == "HOST":
        assert str(value).encode("idna")


@pytest.mark.parametrize("name", FROM_A_FILE)
def test_a_file_of_a_secret_that_cannot_be_used_is_named_in_one_line(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").write_bytes(b" \n")
    for path in [*BATTERY, str(tmp_path), str(tmp_path / "bytes"), str(tmp_path / "empty")]:
        if path != "/etc/passwd":
            assert loaded(f"{name}_FILE", path) is None


@pytest.mark.parametrize("url", [url for url in URLS if url.startswith(("postgres", "redis"))])
def test_no_password_is_quoted(url: str) -> None:
    name = "DATABASE_URL" if url.startswith("postgres") else "REDIS_URL"
    given = url.replace("://", "://media:hunter2@", 1)
    with pytest.raises(SettingsError) as refusal:
        load_settings({PREFIX + name: given + "\nhunter2"})
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("value", ["~nosuchuser/x", "~nosuchuser"])
def test_a_home_that_nobody_has_is_refused(value: str) -> None:
    assert loaded("DATA_DIR", value) is None


@pytest.mark.parametrize("value", ["", "..", "a..b", "x" * 70, "a b"])
def test_a_host_that_no_one_can_listen_on_is_refused(value: str) -> None:
    assert loaded("HOST", value) is None


@pytest.mark.parametrize("value", ["file:x", "file://host/x", "file:///a%00b"])
def test_a_storage_url_without_an_absolute_path_is_refused(value: str) -> None:
    assert loaded("STORAGE_URL", value) is None


@pytest.mark.parametrize("value", ["sqlite:x", "sqlite://", "sqlite:///", "sqlite:///a%00b"])
def test_a_database_url_without_a_path_is_refused(value: str) -> None:
    assert loaded("DATABASE_URL", value) is None


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(("SECONDS", "DAYS"))])
def test_a_time_of_more_than_a_hundred_years_is_refused(name: str) -> None:
    assert loaded(name, str(2**40)) is None

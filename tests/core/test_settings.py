"""Settings from the environment: what each may be, and what is said of the rest."""

import logging
import os
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rates import Rate
from core.settings import Settings, SettingsError, load_settings

NAMES = [field.name for field in fields(Settings)]
LONG_SECRET = "correct horse battery staple, twice"

ACCEPTED = [
    ("HOST", " 0.0.0.0 ", "0.0.0.0"),  # noqa: S104 - parsed, not listened on
    ("HOST", "::1", "::1"),
    ("PORT", "0", 0),
    ("PORT", " 65535 ", 65535),
    ("DATA_DIR", "/srv/media", Path("/srv/media")),
    ("DATABASE_URL", "", ""),
    ("DATABASE_URL", "sqlite:////srv/media.db", "sqlite:////srv/media.db"),
    ("DATABASE_URL", "postgres://a:b@c/d", "postgres://a:b@c/d"),
    ("DATABASE_URL", " postgresql://a:b@c/d ", "postgresql://a:b@c/d"),
    ("STORAGE_URL", "", ""),
    ("STORAGE_URL", "file:///srv/media", "file:///srv/media"),
    ("STORAGE_URL", "s3://bucket", "s3://bucket"),
    ("STORAGE_URL", " s3://my-bucket.1/some/prefix ", "s3://my-bucket.1/some/prefix"),
    ("S3_PUBLIC_ENDPOINT", "https://s3.example.com/", "https://s3.example.com"),
    ("DOWNLOADS", "Proxy", "proxy"),
    ("SECRET_KEY", LONG_SECRET, LONG_SECRET),
    ("SECRET_KEY", "é" * 16, "é" * 16),
    ("PREVIOUS_SECRET_KEYS", f" {'x' * 32},{'é' * 16},", ("x" * 32, "é" * 16)),
    ("PREVIOUS_SECRET_KEYS", "", ()),
    ("MAX_UPLOAD_BYTES", "1", 1),
    ("MAX_UPLOAD_BYTES", "5368709120", 5 * 1024**3),
    ("QUOTA_BYTES", "0", 0),
    ("QUOTA_FILES", "7", 7),
    ("GUEST_QUOTA_BYTES", "0", 0),
    ("GUEST_QUOTA_FILES", "5", 5),
    ("STAGED_BYTES", "1", 1),
    ("PUBLIC_URL", "https://media.example.com/base/", "https://media.example.com/base"),
    ("PUBLIC_URL", "", ""),
    ("RATE_LIMITS", "off", False),
    ("RATE_READ", "5/second", Rate(5, 1)),
    ("RATE_WRITE", "off", None),
    ("RATE_UPLOAD", "1/hour", Rate(1, 3600)),
    ("RATE_PROCESSING", "1/day", Rate(1, 86_400)),
    ("RATE_DOWNLOAD", "off", None),
    ("RATE_SIGN_IN", "7/minute", Rate(7, 60)),
    ("RATE_LOOKUP", "7/minute", Rate(7, 60)),
    ("REDIS_URL", "redis://:secret@redis:6379/0", "redis://:secret@redis:6379/0"),
    ("TRUSTED_PROXIES", "10.0.0.0/8, ::1", ("10.0.0.0/8", "::1")),
    ("TRUSTED_PROXIES", "", ()),
    ("CORS_ORIGINS", "*", ("*",)),
    ("CORS_ORIGINS", "", ()),
    ("CORS_ORIGINS", "https://a.example/, http://b:80", ("https://a.example", "http://b:80")),
    ("SHARED_AUDIENCE", "Users", "users"),
    ("SHARED_AUDIENCE", "everyone", "everyone"),
    *[("GUEST_LOGIN", word, True) for word in ("1", "true", "YES", " on ")],
    *[("INTROSPECTION", word, False) for word in ("0", "false", "No", "off")],
    ("TOKEN_LIFETIME_SECONDS", "60", 60),
    ("ACCESS_LIFETIME_SECONDS", "86400", 86400),
    ("REFRESH_LIFETIME_SECONDS", "600", 600),
    ("ADMINISTRATORS", "a@example.org, 0|123 ,", ("a@example.org", "0|123")),
    ("OIDC_ISSUER", "", ""),
    ("OIDC_CLIENT_ID", "media", "media"),
    ("OIDC_CLIENT_SECRET", "s", "s"),
    ("OIDC_NAME", "Our house", "Our house"),
    ("OIDC_SCOPES", " openid  groups ", "openid groups"),
    ("UPLOAD_GRACE_SECONDS", "0", 0),
    ("SWEEP_INTERVAL_SECONDS", "1", 1),
    ("AUDIT_DAYS", "90", 90),
    ("PROCESSING", "Local", "local"),
    ("WORKERS", "4", 4),
    ("WORKER_QUEUE", "7", 7),
    ("REQUIRE_ISOLATION", " Bubblewrap", "bubblewrap"),
    ("PROCESSING_TIMEOUT_SECONDS", "1", 1),
    ("IDLE_TIMEOUT_SECONDS", "1", 1),
    ("DRAIN_SECONDS", "0", 0),
    ("LOG_LEVEL", "WARNING", "warning"),
    ("LOG_FORMAT", "JSON", "json"),
    ("METRICS_ADDRESS", "", ""),
    ("METRICS_ADDRESS", " 127.0.0.1:9100 ", "127.0.0.1:9100"),
    ("METRICS_ADDRESS", "[::1]:9100", "[::1]:9100"),
    ("TRACING", "on", True),
]

REFUSED = [
    ("LOG_FORMAT", "xml"),
    ("METRICS_ADDRESS", "9100"),
    ("METRICS_ADDRESS", ":9100"),
    ("METRICS_ADDRESS", "localhost:"),
    ("METRICS_ADDRESS", "localhost:0"),
    ("METRICS_ADDRESS", "localhost:65536"),
    ("METRICS_ADDRESS", "http://localhost"),
    ("TRACING", "otlp"),
    ("PORT", "65536"),
    ("PORT", "-1"),
    ("PORT", ""),
    ("PORT", "80.0"),
    ("PORT", "²"),
    ("PORT", "9" * 5000),
    ("DATA_DIR", "  "),
    ("DATABASE_URL", "mysql://localhost/media"),
    ("DATABASE_URL", "/srv/media.db"),
    ("DATABASE_URL", "postgres://[::1"),
    ("STORAGE_URL", "ftp://example.com"),
    ("STORAGE_URL", "/srv/media"),
    ("STORAGE_URL", "s3://"),
    ("STORAGE_URL", "s3:///prefix"),
    ("STORAGE_URL", "s3://key:secret@bucket"),
    ("STORAGE_URL", "s3://bucket?endpoint=http://localhost"),
    ("S3_PUBLIC_ENDPOINT", "s3.example.com"),
    ("DOWNLOADS", "redirect"),  # without S3
    ("DOWNLOADS", "elsewhere"),
    ("SECRET_KEY", "x" * 31),
    ("SECRET_KEY", ""),
    ("MAX_UPLOAD_BYTES", "0"),
    ("STAGED_BYTES", "0"),
    ("RATE_READ", "5"),
    ("REDIS_URL", "http://redis"),
    ("TRUSTED_PROXIES", "my-proxy"),
    ("MAX_UPLOAD_BYTES", "100 MiB"),
    ("QUOTA_BYTES", "-1"),
    ("PUBLIC_URL", "media.example.com"),
    ("PUBLIC_URL", "javascript:alert(1)"),
    ("CORS_ORIGINS", "app.example.com"),
    ("CORS_ORIGINS", "https://app.example.com/path"),
    ("CORS_ORIGINS", "https://a.example,null"),
    ("SHARED_AUDIENCE", "nobody"),
    ("GUEST_LOGIN", "maybe"),
    ("GUEST_LOGIN", ""),
    ("INTROSPECTION", "2"),
    ("TOKEN_LIFETIME_SECONDS", "59"),
    ("PREVIOUS_SECRET_KEYS", f"{LONG_SECRET[:30]},{LONG_SECRET[:30]}"),
    ("ACCESS_LIFETIME_SECONDS", "86401"),
    ("REFRESH_LIFETIME_SECONDS", "599"),
    ("OIDC_ISSUER", "https://accounts.example.com"),  # without a client id
    ("OIDC_ISSUER", "accounts.example.com"),
    ("OIDC_SCOPES", "email profile"),
    ("UPLOAD_GRACE_SECONDS", "1h"),
    ("SWEEP_INTERVAL_SECONDS", "0"),
    ("AUDIT_DAYS", "36526"),
    ("PROCESSING", "queue"),  # without PostgreSQL
    ("PROCESSING", "elsewhere"),
    ("WORKERS", "257"),
    ("WORKER_QUEUE", "0"),
    ("REQUIRE_ISOLATION", "some"),
    ("PROCESSING_TIMEOUT_SECONDS", "0"),
    ("IDLE_TIMEOUT_SECONDS", "0"),
    ("DRAIN_SECONDS", "-1"),
    ("LOG_LEVEL", "loud"),
]


@pytest.mark.parametrize(("name", "text", "value"), ACCEPTED)
def test_a_setting_is_read(name: str, text: str, value: Any) -> None:
    settings = load_settings({f"MEDIA_{name}": text})
    assert getattr(settings, name.lower()) == value


@pytest.mark.parametrize(("name", "text"), REFUSED)
def test_a_wrong_value_stops_the_start_with_one_line(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings({f"MEDIA_{name}": text})
    message = str(refusal.value)
    assert message.startswith(f"MEDIA_{name}")
    assert "\n" not in message
    assert ": " in message


def test_every_setting_is_read_in_a_test() -> None:
    assert {name.lower() for name, _, _ in ACCEPTED} == set(NAMES)


def test_without_an_environment_the_defaults_hold() -> None:
    assert load_settings({"PATH": "/bin", "HOST": "elsewhere"}) == Settings()


def test_a_folder_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert load_settings({"MEDIA_DATA_DIR": "~/media"}).data_dir == Path("/home/somebody/media")


def test_there_is_a_worker_for_each_core_unless_set() -> None:
    assert Settings().worker_count == len(os.sched_getaffinity(0))
    assert Settings(workers=7).worker_count == 7


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(("audience", "read"), [("everyone", True), ("users", False)])
def test_the_audience_says_whether_guests_read(audience: str, *, read: bool) -> None:
    settings = load_settings({"MEDIA_SHARED_AUDIENCE": audience})
    assert settings.guests_read_shared is read


def test_a_secret_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    short = "a-short-secret"
    with pytest.raises(SettingsError) as refusal:
        load_settings({"MEDIA_SECRET_KEY": short, "MEDIA_SECRET_KEE": short})
    assert short not in f"{refusal.value!r}{refusal.value.__cause__!r}{caplog.text}"
    assert LONG_SECRET not in repr(load_settings({"MEDIA_SECRET_KEY": LONG_SECRET}))


def test_earlier_secrets_and_that_of_the_provider_are_never_shown() -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings({"MEDIA_PREVIOUS_SECRET_KEYS": "a-short-secret"})
    assert "a-short-secret" not in str(refusal.value)
    names = ("MEDIA_PREVIOUS_SECRET_KEYS", "MEDIA_OIDC_CLIENT_SECRET")
    assert "hunter2" not in repr(load_settings(dict.fromkeys(names, "hunter2" * 5)))


def test_a_provider_is_named_with_its_client() -> None:
    given = {"MEDIA_OIDC_ISSUER": "https://accounts.example.com/", "MEDIA_OIDC_CLIENT_ID": "media"}
    assert load_settings(given).oidc_issuer == "https://accounts.example.com"


def test_the_password_of_the_database_is_never_shown() -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings({"MEDIA_DATABASE_URL": "mysql://media:hunter2@db/media"})
    assert "hunter2" not in str(refusal.value)
    kept = load_settings({"MEDIA_DATABASE_URL": "postgres://media:hunter2@db/media"})
    assert "hunter2" not in repr(kept)


@pytest.mark.parametrize("name", ["MEDIA_SECRET_KEY", "MEDIA_DATABASE_URL"])
def test_a_secret_may_stand_in_a_file(name: str, tmp_path: Path) -> None:
    value = "postgres://somebody:a-secret-of-32-bytes-or-more@host/name"
    (tmp_path / "secret").write_text(value + "\n")
    settings = load_settings({f"{name}_FILE": str(tmp_path / "secret")})
    assert getattr(settings, name.removeprefix("MEDIA_").lower()) == value


@pytest.mark.parametrize("other", [{}, {"MEDIA_SECRET_KEY": "x" * 32}])
def test_a_file_that_cannot_be_read_or_is_one_too_many_stops_the_start(
    other: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=r"\AMEDIA_SECRET_KEY_FILE.*\Z"):
        load_settings({"MEDIA_SECRET_KEY_FILE": str(tmp_path / "nothing"), **other})


@pytest.mark.parametrize(
    "environ",
    [
        {"MEDIA_DOWNLOADS": "nginx", "MEDIA_STORAGE_URL": "s3://bucket"},
        {"MEDIA_DOWNLOADS": "redirect", "MEDIA_STORAGE_URL": "file:///srv"},
    ],
)
def test_downloads_come_from_where_the_bytes_are(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"\AMEDIA_DOWNLOADS.*MEDIA_STORAGE_URL"):
        load_settings(environ)


def test_a_misspelt_setting_is_named_with_its_neighbour(caplog: pytest.LogCaptureFixture) -> None:
    assert load_settings({"MEDIA_PROT": "1"}) == Settings()
    assert caplog.messages == [
        "MEDIA_PROT is not a setting and is ignored; did you mean MEDIA_PORT?"
    ]


@given(st.sampled_from(NAMES), st.text(max_size=40).filter(lambda text: "\0" not in text))
def test_any_text_is_a_value_or_one_line_of_complaint(name: str, text: str) -> None:
    try:
        load_settings({f"MEDIA_{name.upper()}": text})
    except SettingsError as refusal:
        assert len(str(refusal).splitlines()) == 1

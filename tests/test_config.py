"""Settings: every reason not to start, at once and a line each, and no secret in any of them."""

import base64
import secrets
from pathlib import Path
from typing import Any

import pytest

from recovery_api.app import create_app
from recovery_api.config import Settings

GOOD = "9f2c41d07be85a6613c4f8e0b7d2a95518e6c03f7a94bd2160f5e8c7a1d3b642"


def key_file(folder: Path, name: str, text: str = GOOD, mode: int = 0o600) -> Path:
    file = folder / name
    file.touch(mode=0o600)
    file.write_text(text)
    file.chmod(mode)
    return file


@pytest.fixture
def fit(tmp_path: Path) -> dict[str, str]:
    """An environment that is fit to start."""
    return {
        "RECOVERY_ENV": "production",
        "DATABASE_URL": "postgresql://recovery_app@db.example/recovery",
        "SECRET_KEY_FILE": str(key_file(tmp_path, "secret.key")),
        "DATA_KEY_FILE": str(
            key_file(tmp_path, "data.key", "9f2c41d07be85a6613c4f8e0b7d2a95518e6c03f7a94bd2160f5e8c7a1d3b642")
        ),
        "PUBLIC_URL": "https://recovery.example",
        "TWILIO_ACCOUNT_SID": "AC" + "5" * 32,
        "TWILIO_AUTH_TOKEN": "a-token",
    }


def refusals(environ: dict[str, str], **changes: str | None) -> list[str]:
    known: dict[str, Any] = {**environ, **changes}
    return Settings.from_env({name: value for name, value in known.items() if value is not None}).refusals()


def test_a_fit_environment_is_not_refused(fit: dict[str, str]) -> None:
    assert refusals(fit) == []


@pytest.mark.parametrize(
    "name",
    ["DATABASE_URL", "PUBLIC_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SECRET_KEY_FILE", "DATA_KEY_FILE"],
)
def test_what_is_missing_is_named_in_one_line(fit: dict[str, str], name: str) -> None:
    for value in (None, ""):
        assert refusals(fit, **{name: value}) == [f"{name} is not set"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"RECOVERY_ENV": "staging"}, "RECOVERY_ENV"),
        ({"RECOVERY_CLOCK_FILE": "/tmp/clock"}, "RECOVERY_CLOCK_FILE"),
        ({"TWILIO_API_BASE": "http://127.0.0.1:1"}, "TWILIO_API_BASE"),
        ({"PUBLIC_URL": "http://recovery.example"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "ftp://recovery.example", "RECOVERY_ENV": "demo"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "recovery.example", "RECOVERY_ENV": "test"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "[", "RECOVERY_ENV": "test"}, "PUBLIC_URL"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://db.example/recovery"}, "DATABASE_URL"),
        ({"SECRET_KEY_FILE": "/nowhere/at/all"}, "SECRET_KEY_FILE"),
    ],
)
def test_each_mistake_is_refused_in_one_line(fit: dict[str, str], changes: dict[str, str], word: str) -> None:
    [line] = refusals(fit, **changes)
    assert line.startswith(word)
    assert "\n" not in line


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        ("tiny-k", 0o600, "too short"),
        ("", 0o600, "too short"),
        ("00" * 32, 0o600, "example"),
        (bytes(range(32)).hex(), 0o600, "example"),
        ("changeme" * 4, 0o600, "too short"),
        ("ab" * 32, 0o600, "example"),
        ("0123456789abcdef" * 4, 0o600, "example"),
        ("your-key-here-your-key-here-your-key-here", 0o600, "example"),
        ("example-Secret-key-1234567890-abcdefghijkl", 0o600, "example"),
        (GOOD, 0o604, "0600"),
        (GOOD, 0o620, "0600"),
        ("\N{SNOWMAN}" * 40, 0o600, "cannot read"),
    ],
)
def test_an_unfit_key_is_refused_in_one_line_that_does_not_repeat_it(
    fit: dict[str, str], tmp_path: Path, text: str, mode: int, words: str
) -> None:
    file = key_file(tmp_path, "unfit.key", text, mode)
    [line] = refusals(fit, DATA_KEY_FILE=str(file))
    assert line.startswith("DATA_KEY_FILE")
    assert words in line
    assert not text or text not in line


def test_a_key_may_be_written_in_hex_or_base64_and_be_read_by_its_group(tmp_path: Path) -> None:
    raw = secrets.token_bytes(32)
    for text in (raw.hex(), base64.b64encode(raw).decode(), f"{raw.hex()}\n"):
        file = key_file(tmp_path, "a.key", text, 0o640)
        assert Settings(data_key_file=file).data_key() == raw


def test_random_keys_are_never_taken_for_examples(tmp_path: Path) -> None:
    for number in range(200):
        text = secrets.token_urlsafe(32) if number % 2 else base64.b64encode(secrets.token_bytes(32)).decode()
        assert len(Settings(data_key_file=key_file(tmp_path, "random.key", text)).data_key()) >= 32


@pytest.mark.parametrize(
    "address",
    ["postgresql://a:b@db.example:port/x", "postgresql://db.example:/x", "postgresql+asyncpg://db.example/x", "x://"],
)
def test_an_address_that_is_no_database_is_refused_and_never_trips_the_application(address: str) -> None:
    said = Settings(env="production", database_url=address, database_read_url=address)
    assert {line.partition(" ")[0] for line in said.refusals()} >= {"DATABASE_URL", "DATABASE_READ_URL"}
    assert create_app(said) is not None


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://recovery_app:p#w%40@[::1]:5432/x?sslmode=require", "postgresql+psycopg://a@db.example/x",
        "postgresql:///x?host=/run/postgresql",
    ],
)  # fmt: skip
def test_an_address_of_a_database_is_taken_however_it_is_written(fit: dict[str, str], address: str) -> None:
    assert refusals(fit, DATABASE_URL=address, DATABASE_READ_URL=address) == []


@pytest.mark.parametrize("address", ["https://", "https://a b", "https://clinic.example/?x=1", "ftp://clinic.example"])
def test_a_public_address_is_one(fit: dict[str, str], address: str) -> None:
    assert "PUBLIC_URL must be an address such as https://clinic.example" in refusals(fit, PUBLIC_URL=address)


def test_nonsense_is_the_usual_number_of_workers_and_a_blank_environment_is_production(fit: dict[str, str]) -> None:
    assert refusals(fit, RECOVERY_ENV="") == []
    assert Settings.from_env({"RECOVERY_ENV": ""}).in_production
    assert {Settings.from_env({"WEB_WORKERS": text}).web_workers for text in ("", "0", "x", "-1", "2")} == {2}


def test_every_reason_is_given_at_once() -> None:
    found = Settings.from_env({"RECOVERY_CLOCK_FILE": "/tmp/clock", "TWILIO_API_BASE": "http://x"}).refusals()
    assert len(found) == 8
    assert len(set(found)) == 8


def test_whatever_is_not_plainly_a_demo_or_a_test_is_production() -> None:
    assert [Settings.from_env({"RECOVERY_ENV": env}).in_production for env in ("demo", "test")] == [False, False]
    assert all(Settings.from_env({"RECOVERY_ENV": env}).in_production for env in ("", "Demo", "prod", "test "))
    assert Settings.from_env({}).in_production


def test_two_tokens_are_taken_during_a_rotation() -> None:
    assert Settings.from_env({"TWILIO_AUTH_TOKEN": " new , old ,"}).twilio_auth_tokens == ("new", "old")


@pytest.mark.parametrize("text", ["", "many", "-1", "1.5", "²", "1e3"])
def test_a_number_that_is_none_falls_back_to_the_usual(text: str) -> None:
    assert Settings.from_env({"WEB_WORKERS": text}).web_workers == 2


@pytest.mark.parametrize(
    ("name", "text"), [("WEB_WORKERS", "0"), ("WEB_WORKERS", "many"), ("PROXY_HOPS", "-1"), ("PROXY_HOPS", "²")]
)
def test_no_process_starts_on_a_number_that_is_none(fit: dict[str, str], name: str, text: str) -> None:
    [said] = refusals(fit, **{name: text})
    assert said.startswith(f"{name} must be a whole number")
    assert refusals(fit, WEB_WORKERS="1", PROXY_HOPS="0") == []


def test_settings_do_not_print_their_secrets(fit: dict[str, str]) -> None:
    assert repr(Settings.from_env(fit)) == str(Settings.from_env(fit)) == "Settings(env='production')"

"""`doctor`: a line for everything that a clinic relies on, and exit 1 where one of them fails."""

from pathlib import Path

from flask import Flask
from sqlalchemy import Connection

from recovery_api.app import create_app
from recovery_api.cli import register_commands
from recovery_api.clock import real_now
from recovery_api.config import Settings
from recovery_api.db import db
from recovery_api.services.beat import beat
from recovery_api.services.check_readiness import SEEN_WITHIN
from tests.builders import ClockHand


def look(app: Flask) -> tuple[int, dict[str, str]]:
    """The exit status, and what is wrong with each thing that was looked at, "" where nothing is."""
    with app.app_context():
        register_commands(app)
        result = app.test_cli_runner().invoke(args=["doctor"])
    assert isinstance(result.exception, SystemExit | None), result.exception
    found: dict[str, str] = {}
    for line in result.output.splitlines():
        assert line.startswith(("ok    ", "FAIL  ")), line
        name, _, trouble = line[6:].partition(": ")
        name = name.partition(", ")[0]
        assert bool(trouble) == line.startswith("FAIL")
        found[name] = trouble
    return result.exit_code, found


def test_all_is_well_where_every_process_was_seen(app: Flask, database: Connection, clock: ClockHand) -> None:
    clock.set(real_now())
    with app.app_context():
        for process in SEEN_WITHIN:
            beat(process, "here:1:1")
    status, found = look(app)
    assert (status, set(found.values())) == (0, {""})
    assert set(found) >= {
        "settings", "key of the sessions", "key of the data", "key of the pushes", "public address", "web hooks",
        "Twilio credentials", "clock", "database", "migrations", "ticker", "sender-alert", "sender-bulk",
    }  # fmt: skip


def test_a_process_that_was_not_seen_and_a_clock_that_was_moved_are_named(
    app: Flask, database: Connection, clock: ClockHand
) -> None:
    status, found = look(app)
    assert status == 1
    assert {name for name, trouble in found.items() if trouble} == {"clock", *SEEN_WITHIN}
    assert "not seen for 30 s" in found["ticker"]


def test_settings_that_say_nothing_fail_line_by_line_without_a_trace() -> None:
    status, found = look(create_app(Settings(env="production")))
    assert status == 1
    assert found["database"] == "DATABASE_URL is not set"
    assert found["key of the data"] == "DATA_KEY_FILE is not set"
    assert all(found[name] for name in ("public address", "Twilio credentials", "settings"))


def test_what_demo_and_tests_may_leave_out_is_filled_in_as_it_is_for_the_web(
    settings: Settings, tmp_path: Path
) -> None:
    left_out = {"secret_key_file": None, "data_key_file": None, "public_url": "", "run_dir": tmp_path}
    app = create_app(Settings(**{**vars(settings), **left_out}))
    _, found = look(app)
    with app.app_context():
        db.engine.dispose()
    asked = ("settings", "key of the sessions", "key of the data", "public address", "database")
    assert [found[name] for name in asked] == [""] * 5
    assert (tmp_path / "data.key").exists()


def test_a_database_that_is_away_is_said_in_a_line(settings: Settings) -> None:
    away = "postgresql://recovery_app:x@127.0.0.1:1/recovery"
    status, found = look(create_app(Settings(**{**vars(settings), "database_url": away})))
    assert (status, found["database"]) == (1, "cannot be reached")
    assert "x@" not in str(found)

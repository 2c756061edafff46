"""Logs: lines of JSON with allowed keys alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from recovery_api.logs import ALLOWED_KEYS, keep_allowed_keys, log, set_up_logs, warn

PERSONAL = {"phone": "+12125550141", "name": "Annwyl", "body": "my legs feel weak", "to": "+1212", "text": "4"}


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """The log of a made-up process."""
    before = structlog.get_config()
    set_up_logs("made-up", tmp_path / "logs")
    yield tmp_path / "logs" / "made-up.log"
    structlog.get_config()["logger_factory"]._file.close()
    structlog.configure(**before)


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_an_event_is_one_line_with_its_time_and_process(file: Path) -> None:
    log("text.sent", lane="alert", outcome="Accepted", message_id="m")
    warn("job.failed", job="plan", error="KeyError")
    sent, failed = lines(file)
    assert sent.items() >= {"event": "text.sent", "level": "info", "process": "made-up", "lane": "alert"}.items()
    assert str(sent["timestamp"]).endswith("Z")
    assert failed.items() >= {"event": "job.failed", "level": "warning", "error": "KeyError"}.items()


def test_keys_that_are_not_allowed_are_dropped_and_named(file: Path) -> None:
    log("text.sent", count=1, **PERSONAL)
    [line] = lines(file)
    assert line["dropped"] == sorted(PERSONAL)
    assert line["count"] == 1
    assert not any(value in file.read_text() for value in PERSONAL.values() if len(value) > 1)


def test_what_is_kept_is_on_the_list_and_a_clean_event_says_nothing_of_drops() -> None:
    assert keep_allowed_keys(None, "info", {"event": "e", "status": 200}) == {"event": "e", "status": 200}
    assert ALLOWED_KEYS.isdisjoint(PERSONAL)


def test_a_line_break_in_a_value_stays_inside_its_line(file: Path) -> None:
    log("text.sent", reason='one\n{"event": "forged"}')
    assert [line["event"] for line in lines(file)] == ["text.sent"]

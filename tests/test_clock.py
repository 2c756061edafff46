"""The one clock: what its file may say, and that real time follows no file."""

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from recovery_api.clock import Clock, monotonic, read_clock_text, real_now

INSTANT = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T15:00:00+00:00",
        "2026-11-20T15:00:00Z",
        "2026-11-20T15:00:00",
        "2026-11-20T10:00:00-05:00",
        "2026-11-20t15:00:00z",
    ],
)
def test_an_instant_stands_still_in_utc(tmp_path: Path, text: str) -> None:
    file = tmp_path / "clock"
    file.write_text(f"{text}\n")
    clock = Clock(file)
    assert clock.now() == clock.now() == INSTANT
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(("text", "ahead"), [("+3600", 3600), ("-86400", -86400), ("0", 0), ("+0.5", 0.5)])
def test_seconds_run_ahead_or_behind(text: str, ahead: float) -> None:
    assert read_clock_text(text) == (None, timedelta(seconds=ahead))


NONSENSE = (
    "", "tomorrow", "nan", "inf", "-inf", "1e12", "1e300", "2026-13-45", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", "\N{SNOWMAN}",
)  # fmt: skip


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_moves_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "clock"
    file.write_text(text)
    assert abs(Clock(file).now() - real_now()) < timedelta(minutes=1)


def test_a_file_that_is_missing_broken_or_no_file_moves_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\xff\xfe\x00")
    for file in (None, tmp_path / "missing", tmp_path, broken):
        assert abs(Clock(file).now() - real_now()) < timedelta(minutes=1)


def test_the_clock_follows_its_file_and_keeps_its_time_when_the_file_goes(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text(INSTANT.isoformat())
    clock = Clock(file)
    assert clock.now() == INSTANT
    later = INSTANT.astimezone(timezone(timedelta(hours=9))) + timedelta(days=1)
    file.write_text(later.isoformat())
    os.utime(file, ns=(1, 1))
    assert clock.now() == later
    file.write_text("")
    assert clock.now() == later, "a file that is being written anew is not read half"
    file.unlink()
    assert clock.now() == later


def test_time_is_always_aware_and_a_stopwatch_never_runs_backwards() -> None:
    assert real_now().tzinfo is UTC
    assert monotonic() <= monotonic()

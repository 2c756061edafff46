"""The demo's clock: one file that every process follows, moved by the phone page."""

import os
from datetime import datetime, timedelta
from pathlib import Path

from recovery_api.clock import read_clock_text, real_now


def move_clock(file: Path, step: timedelta) -> None:
    """Move product time ahead by `step`."""
    _, ahead = read_clock_text(file.read_text(encoding="ascii").strip())
    _write(file, ahead + step)


def move_clock_to(file: Path, moment: datetime) -> None:
    """Move product time ahead to `moment`; it never goes back."""
    _, ahead = read_clock_text(file.read_text(encoding="ascii").strip())
    _write(file, max(ahead, moment - real_now()))


def _write(file: Path, ahead: timedelta) -> None:
    """Replaced in one step, so that nobody reads half a number."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(f"{ahead.total_seconds():+.0f}\n", encoding="ascii")
    draft.replace(file)

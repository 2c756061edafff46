"""The one clock: product time, which a clock file may move, and real time, which nothing moves."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

_FARTHEST = timedelta(days=365 * 100)


class Clock:
    """Product time follows the clock file, where there is one; leases and tokens keep real time.

    The file holds an ISO instant, at which product time then stands still, or a signed number of
    seconds by which it runs ahead or behind. A file that is missing or unreadable moves nothing.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._fixed: datetime | None = None
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Product time: what patients and nurses see, and what due work follows."""
        if self._file is None:
            return datetime.now(UTC)
        self._read_again_if_changed(self._file)
        return self._fixed or datetime.now(UTC) + self._ahead

    def _read_again_if_changed(self, file: Path) -> None:
        try:
            state = file.stat()
            seen = (state.st_mtime_ns, state.st_size)
            if seen == self._seen:
                return
            text = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return
        if not text:
            return
        self._seen = seen
        self._fixed, self._ahead = read_clock_text(text)


def read_clock_text(text: str) -> tuple[datetime | None, timedelta]:
    """What a clock file says: a frozen instant, or how far product time is ahead. Nonsense moves nothing."""
    try:
        ahead = timedelta(seconds=float(text))
        return None, ahead if abs(ahead) <= _FARTHEST else timedelta()
    except (ValueError, OverflowError):
        pass
    try:
        instant = datetime.fromisoformat(text.upper())
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC), timedelta()
    except (ValueError, OverflowError):
        return None, timedelta()


def real_now() -> datetime:
    """Real time in UTC, for leases, tokens, log-in sessions and heartbeats."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that never jump, for fences and time limits inside one process."""
    return time.monotonic()

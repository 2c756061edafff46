"""How long a request waits for the database: one that hangs must not hang its callers."""

import threading
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from sqlalchemy import Engine, event

from recovery_api.clock import monotonic
from recovery_api.one_trip import OneTripConnection

LONGEST_WAIT = 4.0  # seconds for all that one request asks of the database
_PAUSE = 1.0  # seconds in which nobody asks a silent database again, so that those who queue are told first
_LEAST_TO_CONNECT = 2.0  # seconds; the driver tries no shorter
_CHECKED_EVERY = 0.1  # seconds


class DatabaseSilent(psycopg.OperationalError):
    """The database takes connections, or held one, and says nothing."""


class _Mine(threading.local):
    """Until when the work of this thread waits, in monotonic seconds; None waits for as long as it takes."""

    until: float | None = None


class _Silence:
    """A database found silent by this process: one request at a time asks again, and the others are told at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lasts = False
        self._last_heard = 0.0
        self._asking: int | None = None
        self._asking_until = 0.0

    def heard(self) -> None:
        """An answer came, to whomever."""
        self._last_heard = monotonic()
        self._lasts = False

    def noticed(self, since: float) -> None:
        """No answer came to a question that was put at `since`; it counts where nobody else was answered later."""
        with self._lock:
            if self._last_heard < since:
                self._lasts, self._asking, self._asking_until = True, None, monotonic() + _PAUSE

    def let_pass(self) -> None:
        """Raise DatabaseSilent where somebody else is finding out already."""
        if not self._lasts:
            return
        me, now = threading.get_ident(), monotonic()
        with self._lock:
            if now < self._asking_until and self._asking != me:
                raise DatabaseSilent("the database does not answer")
            self._asking, self._asking_until = me, now + LONGEST_WAIT


_mine, _silence = _Mine(), _Silence()


def begin_patience(seconds: float) -> None:
    """From now on this thread's work waits for the database for `seconds` in all; then DatabaseSilent is raised."""
    _mine.until = monotonic() + seconds


def end_patience() -> None:
    """The work of this thread waits for as long as it takes."""
    _mine.until = None


class PatientConnection(OneTripConnection):
    """A connection that is given up, with its statement, when the patience of the thread that uses it ends."""

    def wait(self, gen: PQGen[RV], interval: float = _CHECKED_EVERY, timeout: float | None = None) -> RV:
        """What the server answers. Raises DatabaseSilent, and what psycopg raises."""
        until = _mine.until
        if until is None:
            return super().wait(gen, interval, timeout)
        asked = monotonic()
        try:
            answer = super().wait(gen, interval, max(until - asked, 0.0))
        except psycopg.OperationalError:
            if monotonic() < until:
                raise
            self.close()
            _silence.noticed(asked)
            raise DatabaseSilent("the database did not answer in time") from None
        if not self.is_unanswered:
            _silence.heard()
        return answer


def watch(engine: Engine) -> None:
    """Make every connection of an engine a patient one."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "checkout", _check_out)


def _connect(_: object, __: object, args: Any, options: dict[str, Any]) -> PatientConnection:
    until, asked = _mine.until, monotonic()
    if until is not None:
        _silence.let_pass()
        if until - asked < _LEAST_TO_CONNECT:
            raise DatabaseSilent("no time is left to connect")
    try:
        return PatientConnection.connect(*args, **options)
    except psycopg.errors.ConnectionTimeout:
        if until is not None:
            _silence.noticed(asked)
        raise
    except psycopg.OperationalError:
        _silence.heard()  # it refuses, which is an answer
        raise


def _check_out(*_: object) -> None:
    if _mine.until is not None:
        _silence.let_pass()

"""How often a phone is answered by itself: enough for any person, too seldom for two machines to keep talking."""

from collections.abc import Sequence
from datetime import datetime, timedelta

MOST_AN_HOUR = 8
MOST_A_DAY = 12
MOST_SCORES_AN_HOUR = 24  # a saved score is said back every time, unless a machine is reporting
MOST_SCORES_A_DAY = 48
KEPT = MOST_A_DAY
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_LONG = 24  # characters: nobody types the same long text twice a day, an auto-responder does
_SHORT_REPEATS = 3
_SAME_DANGER_AN_HOUR = 3

Past = Sequence[tuple[datetime, bytes]]


def plain_text(body: str) -> str:
    """A text without case and spacing, by which a repeat of it is known."""
    return " ".join(body.casefold().split())


def may_answer(past: Past, text: bytes, length: int, now: datetime) -> bool:
    """Whether a text may get an automatic answer: not the ninth in an hour, the thirteenth in a day, or the same again.

    `past` holds when answers went out and digests of the texts that they answered, `length` the characters of this one.
    """
    if not _has_room([at for at, _ in past], now, MOST_AN_HOUR, MOST_A_DAY):
        return False
    repeats = sum(known == text and now - at < _DAY for at, known in past)
    return repeats < (1 if length > _LONG else _SHORT_REPEATS)


def has_told(past: Past, text: bytes, length: int, now: datetime) -> bool:
    """Whether the same long text was answered three times within the hour: what to do about it is said by then.

    No person writes the same long text four times an hour, a machine does; another danger is always answered.
    """
    return length > _LONG and sum(known == text and now - at < _HOUR for at, known in past) >= _SAME_DANGER_AN_HOUR


def may_say_back(reported_at: Sequence[datetime], now: datetime) -> bool:
    """Whether a saved score may be said back, after scores that came at `reported_at`."""
    return _has_room(reported_at, now, MOST_SCORES_AN_HOUR, MOST_SCORES_A_DAY)


def _has_room(past: Sequence[datetime], now: datetime, an_hour: int, a_day: int) -> bool:
    """Whether fewer than `an_hour` lie within the hour before `now`, and fewer than `a_day` within the day."""
    return sum(now - at < _HOUR for at in past) < an_hour and sum(now - at < _DAY for at in past) < a_day


def remembered(past: Past, text: bytes, now: datetime) -> list[tuple[datetime, bytes]]:
    """What is kept of the answers once one more went out."""
    return [*past, (now, text)][-KEPT:]

"""Replay rules over diaries: what they would have said, as of each day."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from recovery_api.cli.diaries import Diary
from recovery_api.domain.alert_load import Alert
from recovery_api.domain.escalation import Finding, replay, replay_silence
from recovery_api.domain.rules import RulePack

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
_WORTH_A_BAR = 50_000  # rows; fewer are done within two seconds


def replay_diaries(diaries: dict[str, Diary], pack: RulePack, check_in_days: frozenset[int]) -> Iterator[Alert]:
    """The alerts in the order of the episodes and days; silence is counted up to the last day of all diaries."""
    last_day = max((row[0] for diary in diaries.values() for row in diary.rows), default=0)
    for episode, diary in _with_bar(diaries):
        yield from (Alert(episode, day, one) for day, one in _alerts(diary, pack, check_in_days, last_day))


def patient_days(diaries: dict[str, Diary]) -> int:
    """The days since the procedure up to each patient's last answer."""
    return sum(max([0, *(row[0] for row in diary.rows)]) for diary in diaries.values())


def _with_bar(diaries: dict[str, Diary]) -> Iterator[tuple[str, Diary]]:
    rows = sum(len(diary.rows) for diary in diaries.values())
    hidden = rows < _WORTH_A_BAR or not sys.stderr.isatty()
    with click.progressbar(diaries.items(), label="Replaying", file=sys.stderr, hidden=hidden) as bar:
        yield from bar


def _alerts(diary: Diary, pack: RulePack, check_in_days: frozenset[int], last_day: int) -> list[tuple[int, Finding]]:
    readings, facts = diary.readings(), diary.facts(check_in_days)
    judged = zip(readings, replay(readings, facts, pack, _END_OF_TIME), strict=True)
    alerts = [(reading.day, finding) for reading, findings in judged for finding in findings]
    alerts += replay_silence(readings, facts, pack, last_day)
    return sorted(alerts, key=lambda alert: alert[0])

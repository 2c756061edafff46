"""Commands on the rules: a replay over diaries, without a database and without an environment."""

import csv
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from recovery_api.cli.diaries import PROCEDURE_ON, Diary, read_diaries
from recovery_api.cli.output import replaced_file
from recovery_api.domain.errors import PackError
from recovery_api.domain.escalation import EpisodeFacts, Finding, Reading, assess_silence, replay
from recovery_api.domain.rules import RulePack
from recovery_api.domain.schedule import scheduled_days
from recovery_api.packs.protocol_pack import protocol_pack
from recovery_api.packs.rule_pack import rule_pack

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
_WORTH_A_BAR = 50_000  # rows; fewer are done within two seconds
_READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_WRITABLE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.group()
def rules() -> None:
    """Look at what the rules do."""


@rules.command("replay")
@click.option("--diaries", type=_READABLE, required=True, help="CSV: episode,baseline_pain,day,pain,symptoms.")
@click.option("--out", type=_WRITABLE, required=True, help="CSV written: episode,day,rule,family,tier,reason.")
@click.option("--rules", "pack_path", type=_READABLE, help="A rule pack in YAML; the shipped one if left out.")
def replay_command(diaries: Path, out: Path, pack_path: Path | None) -> None:
    """Run the rules over diaries as of each day.

    Symptoms are codes joined by a semicolon. Silence is counted on the check-in days of the shipped protocol, up to
    the last day in the file, and reported once for each stretch of it.
    """
    if out.exists() and out.samefile(diaries):
        raise click.UsageError("--out would overwrite --diaries.")
    try:
        pack, check_in_days = rule_pack(pack_path), scheduled_days(protocol_pack())
    except PackError as error:
        raise click.ClickException(error.message) from None
    found = read_diaries(diaries)
    alerts = _write(found, pack, check_in_days, out)
    click.echo(
        f"{alerts} alerts in {sum(len(diary.rows) for diary in found.values())} answers of {len(found)} episodes"
    )


def _write(diaries: dict[str, Diary], pack: RulePack, check_in_days: frozenset[int], out: Path) -> int:
    """Writes the alerts in the order of the episodes and days, and counts them."""
    last_day = max((row[0] for diary in diaries.values() for row in diary.rows), default=0)
    alerts = 0
    with replaced_file(out) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["episode", "day", "rule", "family", "tier", "reason"])
        for episode, diary in _with_bar(diaries):
            for day, finding in _alerts(diary, pack, check_in_days, last_day):
                writer.writerow([episode, day, finding.rule, finding.family, finding.tier.value, finding.reason])
                alerts += 1
    return alerts


def _with_bar(diaries: dict[str, Diary]) -> Iterator[tuple[str, Diary]]:
    rows = sum(len(diary.rows) for diary in diaries.values())
    hidden = rows < _WORTH_A_BAR or not sys.stderr.isatty()
    with click.progressbar(diaries.items(), label="Replaying", file=sys.stderr, hidden=hidden) as bar:
        yield from bar


def _alerts(diary: Diary, pack: RulePack, check_in_days: frozenset[int], last_day: int) -> list[tuple[int, Finding]]:
    readings, facts = diary.readings(), diary.facts(check_in_days)
    judged = zip(readings, replay(readings, facts, pack, _END_OF_TIME), strict=True)
    alerts = [(reading.day, finding) for reading, findings in judged for finding in findings]
    alerts += _silences(readings, facts, pack, last_day)
    return sorted(alerts, key=lambda alert: alert[0])


def _silences(
    readings: list[Reading], facts: EpisodeFacts, pack: RulePack, last_day: int
) -> Iterator[tuple[int, Finding]]:
    """The first finding of each stretch of silence, on the day on which it is found."""
    for place in range(len(readings) + 1):
        heard = readings[place - 1].day if place else 0
        until = readings[place].day if place < len(readings) else last_day
        for due in sorted(day for day in facts.check_in_days if heard < day < until):
            today = PROCEDURE_ON + timedelta(days=due + 1)
            findings = assess_silence(readings[:place], facts, pack, today)
            if findings:
                yield from ((due + 1, finding) for finding in findings)
                break

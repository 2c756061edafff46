"""Commands on the rules: a replay over diaries or a clinic's own history, and the page that describes them."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click

from recovery_api.cli.counted import counted
from recovery_api.cli.csv_tables import row_writer
from recovery_api.cli.diaries import read_diaries
from recovery_api.cli.fitness import needs_database
from recovery_api.cli.load_table import changed_lines, load_lines, usefulness_lines
from recovery_api.cli.output import replaced_file
from recovery_api.cli.replay_diaries import patient_days, replay_diaries
from recovery_api.db import clinic_transaction
from recovery_api.domain.alert_load import Alert, compare, load_of
from recovery_api.domain.errors import PackError, RecoveryError
from recovery_api.domain.rules import RulePack
from recovery_api.domain.schedule import scheduled_days
from recovery_api.packs.protocol_pack import protocol_pack
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.packs.rule_page import rule_page
from recovery_api.services.add_clinic import find_clinic
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.record_audit import Actor
from recovery_api.services.replay_history import StoredHistory, read_histories, replay_history, report_usefulness
from recovery_api.wiring import wiring

OPERATOR = Actor("operator")
_READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_WRITABLE = click.Path(dir_okay=False, writable=True, path_type=Path)
_COLUMNS = ("episode", "day", "rule", "family", "tier", "reason")


@click.group()
def rules() -> None:
    """Look at what the rules do."""


@rules.command("page")
@click.option("--out", type=_WRITABLE, required=True, help="The page written, in Markdown.")
@click.option("--rules", "pack_path", type=_READABLE, help="A rule pack in YAML; the shipped one if left out.")
def page_command(out: Path, pack_path: Path | None) -> None:
    """Write the page that describes every rule of a pack."""
    with replaced_file(out) as file:
        file.write(rule_page(_pack(pack_path)))


@rules.command("replay")
@click.option("--diaries", type=_READABLE, help="CSV: episode,baseline_pain,day,pain,symptoms; more may follow.")
@click.option("--clinic", "clinic_name", metavar="NAME", help="A clinic's own history instead, by its name or id.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="With --clinic: from this day on.")
@click.option("--out", type=_WRITABLE, help="CSV written: episode,day,rule,family,tier,reason.")
@click.option(
    "--rules", "pack_path", type=_READABLE,
    help="A rule pack in YAML; if left out the shipped one, with --clinic the clinic's own as signed.",
)  # fmt: skip
@click.option("--compare", "other_path", type=_READABLE, help="Another pack: what would it have added and removed?")
def replay_command(
    diaries: Path | None,
    clinic_name: str | None,
    since: datetime | None,
    out: Path | None,
    pack_path: Path | None,
    other_path: Path | None,
) -> None:
    """Run the rules over diaries, or over a clinic's own history, as of each day.

    In diaries symptoms are codes joined by a semicolon, and silence is counted on the check-in days of the shipped
    protocol, up to the last day in the file. Silence is reported once for each rule and each stretch of it.
    With --compare, --out gets only what differs, with a column that says how.
    """
    pack, other = _pack(pack_path), _pack(other_path) if other_path else None
    if clinic_name is not None and since is not None and diaries is None:
        _replay_clinic(clinic_name, since, out, pack if pack_path else None, other)
    elif diaries is not None and clinic_name is None and since is None and (out or other):
        _replay_file(diaries, out, pack, other)
    else:
        raise click.UsageError("Give --diaries with --out or --compare, or --clinic with --since.")


def _replay_file(diaries: Path, out: Path | None, pack: RulePack, other: RulePack | None) -> None:
    if out is not None and out.exists() and out.samefile(diaries):
        raise click.UsageError("--out would overwrite --diaries.")
    check_in_days, found = scheduled_days(protocol_pack()), read_diaries(diaries)
    answers = sum(len(diary.rows) for diary in found.values())
    alerts = replay_diaries(found, pack, check_in_days)
    if other is None:
        count = _write(out, _COLUMNS, map(_row, alerts))
        said = f"{counted(count, 'alert')} in {counted(answers, 'answer')} of {counted(len(found), 'episode')}"
        click.echo(said)
        return
    _show(list(alerts), list(replay_diaries(found, other, check_in_days)), patient_days(found), out)


@needs_database
def _replay_clinic(name: str, since: datetime, out: Path | None, own: RulePack | None, other: RulePack | None) -> None:
    parts = wiring()
    now = parts.clock.now()
    try:
        with clinic_transaction(find_clinic(name, parts.vaults), parts.vaults) as scope:
            pack = own or rules_of(scope)
            histories = read_histories(scope, since.date(), OPERATOR, now)
            useful = report_usefulness(scope, since.replace(tzinfo=scope.zone))
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None
    alerts = _replay(histories, pack, now)
    then = _replay(histories, other, now) if other else None
    click.echo(f"{counted(len(alerts), 'alert')} in {counted(len(histories), 'recovery', 'recoveries')}")
    _show(alerts, then, sum(history.patient_days for history in histories), out)
    _echo(usefulness_lines(useful))


def _replay(histories: Sequence[StoredHistory], pack: RulePack, now: datetime) -> list[Alert]:
    with click.progressbar(histories, label="Replaying", file=sys.stderr, hidden=not sys.stderr.isatty()) as shown:
        return [alert for history in shown for alert in replay_history(history, pack, now)]


def _show(alerts: list[Alert], then: list[Alert] | None, days: int, out: Path | None) -> None:
    _echo(load_lines(load_of(alerts, days), "The rules"))
    if then is None:
        _write(out, _COLUMNS, map(_row, alerts))
        return
    changed = compare(alerts, then)
    _echo(load_lines(load_of(then, days), "The other pack"))
    _echo(changed_lines(changed))
    rows = [[*_row(one), "added"] for one in changed.added] + [[*_row(one), "removed"] for one in changed.removed]
    _write(out, (*_COLUMNS, "change"), rows)


def _write(out: Path | None, columns: tuple[str, ...], rows: Iterable[list[object]]) -> int:
    """Writes the rows, where a file is wanted, and counts them."""
    if out is None:
        return 0
    with replaced_file(out) as file:
        write = row_writer(file)
        write(columns)
        count = 0
        for row in rows:
            write(row)
            count += 1
    return count


def _row(alert: Alert) -> list[object]:
    one = alert.finding
    return [alert.episode, alert.day, one.rule, one.family, one.tier.value, one.reason]


def _echo(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)


def _pack(path: Path | None) -> RulePack:
    try:
        return rule_pack(path)
    except PackError as error:
        raise click.ClickException(error.message) from None

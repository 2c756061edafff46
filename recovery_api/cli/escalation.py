"""Commands about ladders, rotas, and how soon people answer."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from recovery_api.cli.fitness import needs_database
from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import RecoveryError
from recovery_api.domain.ladder import DUTIES
from recovery_api.domain.written_days import read_instant
from recovery_api.packs.ladder_pack import read_own
from recovery_api.services.add_clinic import find_clinic
from recovery_api.services.find_ladder import ClinicLadder, LastResort, find_ladder
from recovery_api.services.find_people import find_staff
from recovery_api.services.read_phone import read_phone
from recovery_api.services.record_audit import Actor
from recovery_api.services.report_responses import ResponseReport, report_responses
from recovery_api.services.set_ladder import set_ladder
from recovery_api.services.set_rota import set_rota
from recovery_api.wiring import wiring

OPERATOR = Actor("operator")
_CLINIC = click.option("--clinic", "clinic_name", required=True, metavar="NAME", help="The clinic's name or id.")
_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group("flags")
def flags() -> None:
    """Tell how soon flags were taken."""


@flags.command("report")
@_CLINIC
@click.option("--since", metavar="DATE", help="From this day or instant on; the last 30 days if left out.")
@click.option("--until", metavar="DATE", help="Up to this day or instant; now if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@needs_database
def report(clinic_name: str, since: str | None, until: str | None, as_json: bool) -> None:
    """How soon people acknowledged flags, by tier."""
    parts = wiring()
    now = parts.clock.now()
    start = _instant(since, "--since") if since else now - timedelta(days=30)
    end = _instant(until, "--until") if until else now
    try:
        with clinic_transaction(find_clinic(clinic_name, parts.vaults), parts.vaults) as scope:
            found = report_responses(scope, start, end, OPERATOR, now)
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None
    if as_json:
        click.echo(json.dumps(_as_json(found)))
        return
    click.echo(
        f"{'tier':<10} {'calls':>6} {'answered':>9} {'in time':>8} {'target':>7} {'median':>7} {'90 %':>7} {'most':>7}"
    )
    for one in found.tiers:
        share = f"{100 * one.in_time / one.calls:.0f} %" if one.calls else ""
        waits = (one.median_minutes, one.ninety_percent_minutes, one.longest_minutes)
        said = " ".join(f"{'' if wait is None else wait:>7}" for wait in waits)
        click.echo(f"{one.tier:<10} {one.calls:>6} {one.answered:>9} {share:>8} {found.targets[one.tier]:>7} {said}")
    click.echo(
        "Times are minutes from the call to somebody who took it; a call still open counts with its wait so far."
    )


def _as_json(found: ResponseReport) -> dict[str, Any]:
    tiers = [{**asdict(one), "target_minutes": found.targets[one.tier]} for one in found.tiers]
    return {"since": found.since.isoformat(), "until": found.until.isoformat(), "tiers": tiers}


def _instant(text: str, hint: str) -> datetime:
    try:
        return read_instant(text)
    except ValueError:
        raise click.BadParameter("use an ISO day or time, such as 2026-11-22", param_hint=hint) from None


@click.group("ladder")
def ladder() -> None:
    """Who is told of a flag that nobody has taken, and when."""


@ladder.command("show")
@_CLINIC
@needs_database
def show_ladder(clinic_name: str) -> None:
    """Print the ladder in force, and who is on duty now."""
    parts = wiring()
    now = parts.clock.now()
    try:
        with clinic_transaction(find_clinic(clinic_name, parts.vaults), parts.vaults) as scope:
            found = find_ladder(scope)
            staff = find_staff(scope, found, now)
            reached = {duty: len(staff.audience(duty, ("sms",))) for duty in DUTIES}
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None
    for line in _ladder_lines(found):
        click.echo(line)
    click.echo("Can be reached by text now: " + ", ".join(f"{duty} {count}" for duty, count in reached.items()))


def _ladder_lines(found: ClinicLadder) -> list[str]:
    lines = [f"{found.ladder.name} {found.ladder.version}"]
    for tier, rungs in found.ladder.tiers.items():
        told = "; ".join(f"{one.after_minutes} min {one.tell} by {'+'.join(one.by)}" for one in rungs.rungs)
        lines.append(f"{tier:<10} {told}; then every {rungs.repeat_minutes} min")
    return lines


@ladder.command("set")
@_FILE
@_CLINIC
@click.option("--last-resort-phone", metavar="E164", help="Whom to tell when nobody answered: a phone.")
@click.option("--last-resort-email", metavar="ADDRESS", help="The same: an address.")
@needs_database
def set_own_ladder(file: Path, clinic_name: str, last_resort_phone: str | None, last_resort_email: str | None) -> None:
    """Put the ladder in FILE in force for a clinic."""
    parts = wiring()
    try:
        phone = read_phone(last_resort_phone, "--last-resort-phone") if last_resort_phone else None
        content = read_own(file)
        with clinic_transaction(find_clinic(clinic_name, parts.vaults), parts.vaults) as scope:
            set_ladder(scope, content, LastResort(phone, last_resort_email), OPERATOR, parts.clock.now())
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None
    click.echo(f"The ladder in {file.name} is in force.")


@click.group("rota")
def rota() -> None:
    """Who is on duty, and when."""


@rota.command("set")
@_FILE
@_CLINIC
@needs_database
def set_own_rota(file: Path, clinic_name: str) -> None:
    """Put the shifts and holidays in FILE in force for a clinic, in place of those before."""
    parts = wiring()
    try:
        content = read_own(file)
        with clinic_transaction(find_clinic(clinic_name, parts.vaults), parts.vaults) as scope:
            found = set_rota(scope, content, OPERATOR, parts.clock.now())
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None
    click.echo(f"{len(found.shifts)} shifts and {len(found.holidays)} holidays are in force.")

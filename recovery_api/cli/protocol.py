"""Commands about protocols: the dated plan, a clinic's own version, and what another version would change."""

from datetime import date
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import click

from recovery_api.cli.fitness import needs_database
from recovery_api.cli.plan_text import difference_text, example_lines, plan_text, year_of
from recovery_api.db import Vaults, clinic_transaction
from recovery_api.domain.errors import NotFound, RecoveryError
from recovery_api.domain.local_time import zone_named
from recovery_api.domain.protocol_diff import differences
from recovery_api.domain.written_days import EARLIEST_YEAR, LATEST_YEAR
from recovery_api.packs.protocol_pack import protocol_pack, read_file
from recovery_api.packs.texts import LANGUAGES
from recovery_api.services.add_clinic import find_clinic
from recovery_api.services.find_protocol import list_versions
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.move_protocol import compare_version, move_protocol, publish_protocol
from recovery_api.services.read_plan import has_patient, read_plan
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

OPERATOR = Actor("operator")
_NEW_YORK = "America/New_York"
_CLINIC = click.option("--clinic", "clinic_name", required=True, metavar="NAME", help="The clinic's name or id.")
_PATIENT = click.option("--patient", "patient_id", required=True, type=click.UUID, metavar="ID", help="The patient.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("protocol")
def protocol() -> None:
    """What patients are asked and reminded of, day by day."""


@protocol.command("show")
@click.option("--patient", "patient_id", type=click.UUID, metavar="ID", help="A patient's own plan.")
@click.option("--from", "start", metavar="DATE", help="From this day on; without --patient, the procedure's day.")
@click.option("--file", type=_FILE, help="A protocol of your own instead of the shipped one.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", help="Of a plan without a patient.")
@click.option("--zone", default=_NEW_YORK, help="Of a plan without a patient.")
def show(patient_id: UUID | None, start: str | None, file: Path | None, language: str, zone: str) -> None:
    """Print the dated plan in the patient's own time zone, with every text as it will read."""
    day = _day(start)
    if patient_id is not None:
        _show_patient(patient_id, day)
        return
    try:
        chosen = read_file(file)[0] if file is not None else protocol_pack()
        place = zone_named(zone)
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None
    except ValueError:
        raise click.BadParameter("must be an IANA zone such as America/New_York", param_hint="--zone") from None
    procedure_on = day or wiring().clock.now().date()
    click.echo(f"{chosen.name} {chosen.version} ({chosen.signed_off_by}); times in {zone}")
    for line in plan_text(example_lines(year_of(chosen, procedure_on, place), language), chosen, procedure_on, place):
        click.echo(line)


@needs_database
def _show_patient(patient_id: UUID, start: date | None) -> None:
    parts = wiring()
    try:
        with clinic_transaction(_clinic_of(patient_id, parts.vaults), parts.vaults) as scope:
            plan = read_plan(scope, patient_id, start, OPERATOR, parts.clock.now())
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None
    click.echo(f"{plan.protocol.name} {plan.protocol.version}; times in {plan.zone.key}")
    for line in plan_text(plan.lines, plan.protocol, plan.procedure_on, plan.zone):
        click.echo(line)


@protocol.command("versions")
@_CLINIC
@needs_database
def versions(clinic_name: str) -> None:
    """List the versions that a clinic holds; the last of its own is given to new patients."""
    parts = wiring()
    try:
        with clinic_transaction(find_clinic(clinic_name, parts.vaults), parts.vaults) as scope:
            rows = list_versions(scope)
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None
    for row in rows:
        click.echo(f"{row.version:<12} since {row.published_at:%Y-%m-%d}")


@protocol.command("diff")
@click.argument("file", type=_FILE)
@click.argument("other", type=_FILE, required=False)
def diff(file: Path, other: Path | None) -> None:
    """Print what FILE has otherwise than the shipped protocol, or OTHER otherwise than FILE, over a made-up year."""
    try:
        first = protocol_pack() if other is None else read_file(file)[0]
        second = read_file(file if other is None else other)[0]
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None
    day, zone = date(2026, 6, 1), ZoneInfo(_NEW_YORK)
    for line in difference_text(differences(year_of(first, day, zone), year_of(second, day, zone)), zone, day):
        click.echo(line)


@protocol.command("publish")
@click.argument("file", type=_FILE)
@_CLINIC
@needs_database
def publish(file: Path, clinic_name: str) -> None:
    """Give new patients of a clinic the protocol in FILE; those in a recovery stay on theirs."""
    parts = wiring()
    try:
        chosen, content = read_file(file)
        with clinic_transaction(find_clinic(clinic_name, parts.vaults), parts.vaults) as scope:
            publish_protocol(scope, chosen, content, OPERATOR, parts.clock.now())
    except RecoveryError as refused:
        where = f"{file.name}: {refused.field} " if refused.field else ""
        raise click.ClickException(where + refused.message) from None
    click.echo(f"{chosen.name} {chosen.version} is in force for new patients.")


@protocol.command("move")
@_PATIENT
@click.option("--to", "version", required=True, metavar="VERSION", help="The version to move to.")
@click.option("--yes", is_flag=True, help="Move without asking, once the difference is printed.")
@needs_database
def move(patient_id: UUID, version: str, yes: bool) -> None:
    """Move a patient to another version: first the difference, then, on yes, the move."""
    parts = wiring()
    now = parts.clock.now()
    try:
        clinic_id = _clinic_of(patient_id, parts.vaults)
        with clinic_transaction(clinic_id, parts.vaults) as scope:
            plan = read_plan(scope, patient_id, None, OPERATOR, now)
            found = compare_version(scope, plan.episode_id, version, now)
        for line in difference_text(found, plan.zone, plan.procedure_on):
            click.echo(line)
        if not yes and not click.confirm(f"Move this patient to {version}?"):
            click.echo("Nothing was changed.")
            return
        with clinic_transaction(clinic_id, parts.vaults) as scope:
            move_protocol(scope, plan.episode_id, version, found, OPERATOR, now)
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None
    click.echo(f"The patient is on {version} now.")


def _clinic_of(patient_id: UUID, vaults: Vaults) -> UUID:
    """The clinic of a patient. Raises NotFound."""
    for clinic_id in list_clinics():
        with clinic_transaction(clinic_id, vaults) as scope:
            if has_patient(scope, patient_id):
                return clinic_id
    raise NotFound("There is no such patient.")


def _day(text: str | None) -> date | None:
    try:
        day = None if text is None else date.fromisoformat(text)
        if day is not None and not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
            raise ValueError
        return day
    except ValueError:
        raise click.BadParameter("use a day such as 2026-11-22", param_hint="--from") from None

"""Commands that add a clinic and its staff."""

import click

from recovery_api.cli.fitness import needs_database
from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import RecoveryError
from recovery_api.models.clinics import ROLES
from recovery_api.services.add_clinic import NewClinic, NewClinician, add_clinic, add_clinician, find_clinic
from recovery_api.services.read_phone import read_phone
from recovery_api.wiring import wiring


@click.group("clinic")
def clinic() -> None:
    """Add a clinic."""


@clinic.command("add")
@click.argument("name")
@click.option("--number", required=True, metavar="E164", help="The number its texts come from, such as +12125550199.")
@click.option("--zone", required=True, help="Its time zone, such as America/New_York.")
@click.option("--phone", required=True, metavar="E164", help="The phone that patients may call.")
@click.option("--emergency", default="911", show_default=True, help="The emergency number of the country.")
@needs_database
def add(name: str, number: str, zone: str, phone: str, emergency: str) -> None:
    """Add the clinic NAME."""
    parts = wiring()
    try:
        new = NewClinic(name, number, zone, read_phone(phone, "phone"), emergency)
        clinic_id = add_clinic(new, parts.vaults, parts.clock.now())
    except RecoveryError as refused:
        raise click.ClickException(_sentence(refused)) from None
    click.echo(f"{name} was added: {clinic_id}")
    click.echo(f'Next, its first lead: flask --app wsgi staff add EMAIL --role lead --clinic "{name}"')


@click.group("staff")
def staff() -> None:
    """Add clinicians."""


@staff.command("add")
@click.argument("email")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What they may do.")
@click.option("--clinic", "clinic_name", required=True, metavar="NAME", help="The clinic's name or id.")
@click.option("--name", "person", default="", help="Their name as colleagues see it; the e-mail where none is given.")
@click.option("--phone", default=None, metavar="E164", help="Where urgent flags page them.")
@needs_database
def add_staff(email: str, role: str, clinic_name: str, person: str, phone: str | None) -> None:
    """Add a clinician and print a one-time link that sets up their password and second factor."""
    parts = wiring()
    try:
        paged = read_phone(phone, "phone") if phone else None
        new = NewClinician(email, person or email.partition("@")[0], role, paged, is_paged=paged is not None)
        with clinic_transaction(find_clinic(clinic_name, parts.vaults), parts.vaults) as scope:
            _, secret = add_clinician(scope, new, parts.vaults, parts.clock.now())
    except RecoveryError as refused:
        raise click.ClickException(_sentence(refused)) from None
    click.echo(f"{email} was added as {role}. This link works once, for 72 hours:")
    click.echo(f"{parts.settings.public_url}/set-up/{secret}")


def _sentence(refused: RecoveryError) -> str:
    return f"{refused.field}: {refused.message}" if refused.field else refused.message

"""The command that enrols patients from a spreadsheet."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from recovery_api.cli.counted import counted
from recovery_api.cli.fitness import needs_database
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import RecoveryError
from recovery_api.services.add_clinic import the_clinic
from recovery_api.services.import_patients import BadRow, RowsRefused, import_patients, read_sheet
from recovery_api.services.read_enrolment import FIELDS, NEEDED
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

OPERATOR = Actor("operator")
_READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group("import")
def import_group() -> None:
    """Bring patients in."""


@import_group.command(
    "patients",
    epilog=f"Columns needed: {', '.join(NEEDED)}. May be there: {', '.join(f for f in FIELDS if f not in NEEDED)}.",
)
@click.argument("file", type=_READABLE)
@click.option(
    "--clinic", "clinic_name", metavar="NAME", help="The clinic's name or id; needed where there are several."
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@needs_database
def patients(file: Path, clinic_name: str | None, dry_run: bool) -> None:
    """Enrol everybody in FILE, a sheet saved as CSV; with one bad row, nobody.

    Days are written as 1948-03-12; one that could be two days is refused. Without procedure_on, or with "open" there,
    a patient waits for the day. Phones are asked to join; a landline (line: landline) is called instead.
    """
    parts = wiring()
    try:
        with clinic_transaction(the_clinic(clinic_name, parts.vaults), parts.vaults) as scope:
            count = _import(scope, file.read_bytes(), dry_run)
    except RowsRefused as refused:
        _tell(refused.bad)
        click.echo(f"{counted(len(refused.bad), 'row')} to be mended; nobody was enrolled.", err=True)
        sys.exit(1)
    except RecoveryError as refused:
        raise click.ClickException(f"{file}: {refused.message}") from None
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror or error}") from None
    click.echo(f"{counted(count, 'patient')} {'would be' if dry_run else 'was' if count == 1 else 'were'} enrolled.")


def _import(scope: ClinicScope, content: bytes, dry_run: bool) -> int:
    now = wiring().clock.now()
    sheet = read_sheet(scope, content, now)
    if sheet.bad:
        raise RowsRefused(sheet.bad)
    if dry_run:
        return len(sheet.good)
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=len(sheet.good), label="Enrolling", file=sys.stderr, hidden=hidden) as bar:
        return import_patients(scope, sheet, OPERATOR, now, bar.update)


def _tell(bad: Sequence[BadRow]) -> None:
    for row in bad:
        for trouble in row.troubles:
            click.echo(f"line {row.line}: {trouble.field + ' ' if trouble.field else ''}{trouble.message}", err=True)

"""Commands that write a clinic's records to files."""

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from recovery_api.cli.fitness import needs_database
from recovery_api.cli.new_file import new_file, new_folder, open_private
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import NotFound, RecoveryError
from recovery_api.services.add_clinic import the_clinic
from recovery_api.services.export_fhir import KINDS, export_fhir
from recovery_api.services.export_patient import export_patient
from recovery_api.services.export_study import export_study
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

OPERATOR = Actor("operator")
_CLINIC = click.option(
    "--clinic", "clinic_name", metavar="NAME", help="The clinic's name or id; needed where there are several."
)
_OUT = click.option("--out", type=click.Path(path_type=Path), required=True, help="Written anew; never over another.")


@click.group()
def export() -> None:
    """Write records to files: each export is audited, and its files are for their owner alone."""


@export.command("fhir")
@_OUT
@_CLINIC
@needs_database
def fhir_command(out: Path, clinic_name: str | None) -> None:
    """Write a folder of FHIR R4 resources, one NDJSON file for each kind."""
    counts: dict[str, int] = {}
    with new_folder(out) as folder, _clinic(clinic_name) as scope:
        kinds = export_fhir(scope, OPERATOR, wiring().clock.now())
        with click.progressbar(
            kinds, length=len(KINDS), label="Exporting", file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as shown:
            for kind, resources in shown:
                with open_private(folder / f"{kind}.ndjson") as file:
                    counts[kind] = sum(file.write(_line(one)) > 0 for one in resources)
    for kind, count in counts.items():
        click.echo(f"{kind}: {count}")


@export.command("csv")
@_OUT
@_CLINIC
@click.option("--only-agreed", is_flag=True, help="Leave out patients who did not agree to research.")
@needs_database
def csv_command(out: Path, clinic_name: str | None, only_agreed: bool) -> None:
    """Write the study table: a row for each check-in, without names, numbers, dates or notes."""
    with new_file(out) as file, _clinic(clinic_name) as scope:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        rows = export_study(scope, only_agreed, OPERATOR, wiring().clock.now())
        with click.progressbar(rows, label="Exporting", file=sys.stderr, hidden=not sys.stderr.isatty()) as shown:
            count = sum(1 for row in shown if writer.writerow(row))
    click.echo(f"{count - 1} check-ins")


@export.command("patient")
@click.argument("patient_id", metavar="ID", type=click.UUID)
@_OUT
@needs_database
def patient_command(patient_id: UUID, out: Path) -> None:
    """Write the whole record of patient ID as JSON."""
    with new_file(out) as file:
        record = _find(patient_id)
        json.dump(record, file, ensure_ascii=False, indent=1)
        file.write("\n")
    click.echo(f"{sum(len(rows) for rows in record.values() if isinstance(rows, list))} rows")


def _find(patient_id: UUID) -> dict[str, Any]:
    """An id is of one clinic alone: whichever has it."""
    parts = wiring()
    for clinic_id in list_clinics():
        try:
            with clinic_transaction(clinic_id, parts.vaults) as scope:
                return export_patient(scope, patient_id, OPERATOR, parts.clock.now())
        except NotFound:
            continue
    raise click.ClickException("There is no such patient.")


@contextmanager
def _clinic(name: str | None) -> Iterator[ClinicScope]:
    """A transaction in the clinic; what is read in it is written to the audit when the files are whole."""
    vaults = wiring().vaults
    try:
        with clinic_transaction(the_clinic(name, vaults), vaults) as scope:
            yield scope
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None


def _line(resource: dict[str, Any]) -> str:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")) + "\n"

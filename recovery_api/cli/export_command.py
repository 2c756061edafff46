"""Commands that write a clinic's records to files."""

import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

import click

from recovery_api.cli.counted import counted
from recovery_api.cli.fitness import needs_database
from recovery_api.cli.new_file import new_file, new_folder, open_private
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import NotFound, RecoveryError
from recovery_api.services.add_clinic import find_clinic
from recovery_api.services.export_fhir import KINDS, export_fhir
from recovery_api.services.export_patient import export_patient
from recovery_api.services.export_study import export_study
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

OPERATOR = Actor("operator")
_CLINIC = click.option(
    "--clinic", "clinic_name", metavar="NAME", help="One clinic alone, by its name or id; every one if left out."
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
    counts = dict.fromkeys(KINDS, 0)
    with new_folder(out) as folder, ExitStack() as stack:
        clinics = _chosen(clinic_name)
        files = {kind: stack.enter_context(open_private(folder / f"{kind}.ndjson")) for kind in KINDS}
        shown = stack.enter_context(
            click.progressbar(
                length=len(KINDS) * len(clinics), label="Exporting", file=sys.stderr, hidden=not sys.stderr.isatty()
            )
        )
        for scope in _each(clinics):
            _write_kinds(scope, files, counts, shown.update)
    _tell_of_several(clinics)
    for kind, count in counts.items():
        click.echo(f"{kind}: {count}")


def _write_kinds(
    scope: ClinicScope, files: dict[str, TextIO], counts: dict[str, int], done: Callable[[int], None]
) -> None:
    for kind, resources in export_fhir(scope, OPERATOR, wiring().clock.now()):
        counts[kind] += sum(files[kind].write(_line(one)) > 0 for one in resources)
        done(1)


@export.command("csv")
@_OUT
@_CLINIC
@click.option("--only-agreed", is_flag=True, help="Leave out patients who did not agree to research.")
@needs_database
def csv_command(out: Path, clinic_name: str | None, only_agreed: bool) -> None:
    """Write the study table: a row for each check-in, without names, numbers, dates or notes."""
    with new_file(out) as file:
        clinics, writer = _chosen(clinic_name), csv.writer(file, quoting=csv.QUOTE_ALL)
        rows = _study(clinics, only_agreed)
        with click.progressbar(rows, label="Exporting", file=sys.stderr, hidden=not sys.stderr.isatty()) as shown:
            count = sum(1 for row in shown if writer.writerow(row))
    _tell_of_several(clinics)
    click.echo(counted(count - 1, "check-in"))


def _study(clinics: Sequence[UUID], only_agreed: bool) -> Iterator[list[str]]:
    """The heads once, then the rows of every clinic."""
    for place, scope in enumerate(_each(clinics)):
        yield from islice(export_study(scope, only_agreed, OPERATOR, wiring().clock.now()), min(place, 1), None)


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
    click.echo(counted(sum(len(rows) for rows in record.values() if isinstance(rows, list)), "row"))


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


def _chosen(name: str | None) -> list[UUID]:
    """The clinic of that name or id; without a name every one there is. Raises ClickException where there is none."""
    try:
        found = sorted(list_clinics()) if name is None else [find_clinic(name, wiring().vaults)]
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None
    if not found:
        raise click.ClickException("There is no clinic.")
    return found


def _each(clinics: Sequence[UUID]) -> Iterator[ClinicScope]:
    """A transaction in each clinic, one after the other; what is read in it is written to the audit at its end."""
    vaults = wiring().vaults
    for clinic_id in clinics:
        with clinic_transaction(clinic_id, vaults) as scope:
            yield scope


def _tell_of_several(clinics: Sequence[UUID]) -> None:
    if len(clinics) > 1:
        click.echo(f"{len(clinics)} clinics; one alone with --clinic NAME")


def _line(resource: dict[str, Any]) -> str:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")) + "\n"

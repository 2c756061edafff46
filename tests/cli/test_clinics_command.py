"""`clinic add` and `staff add`: a clinic and its first lead, and one plain line for every mistake."""

from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Connection, select

from recovery_api.app import create_app
from recovery_api.cli import register_commands
from recovery_api.config import Settings
from recovery_api.db import db
from recovery_api.models import tables
from recovery_api.services.add_clinic import find_clinic, open_set_up
from tests.builders import BuiltClinic, Persona

LAKE = ("clinic", "add", "Lake Clinic", "--number", "+13475550160", "--zone", "America/Chicago", "--phone",
        "+13475550161")  # fmt: skip


def run(app: Flask, *arguments: str) -> Result:
    with app.app_context():
        register_commands(app)
        return app.test_cli_runner().invoke(args=arguments)


def refused(result: Result, *words: str) -> None:
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)  # and not the trace of a program
    assert all(word in result.output for word in words), result.output
    assert "Traceback" not in result.output


def test_a_clinic_is_added_with_its_number_protocol_and_key(app: Flask, database: Connection, clock: Any) -> None:
    result = run(app, *LAKE)
    assert result.exit_code == 0, result.output
    assert 'staff add EMAIL --role lead --clinic "Lake Clinic"' in result.output
    parts = app.extensions["recovery"]
    with app.app_context():
        clinic_id = find_clinic("Lake Clinic", parts.vaults)
    assert str(clinic_id) in result.output
    with BuiltClinic(app, clinic_id, "+13475550160").open() as scope:
        assert (scope.number, scope.zone.key, scope.phone) == ("+13475550160", "America/Chicago", "+13475550161")
        assert scope.emergency_number == "911"
        assert len(scope.connection.execute(select(tables.protocol)).all()) == 1


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (2, "Clínica del Río", ("name:", "write Clinica del Rio")),
        (2, "The Northside Spine and Joint Clinic", ("name:", "short form")),
        (4, "not a number", ("number:", "phone number")),
        (6, "Mars/Olympus", ("zone:", "time zone")),
        (6, "../etc/passwd", ("zone:",)),
        (8, "12", ("phone:",)),
    ],
)
def test_a_clinic_that_is_not_right_is_refused_in_a_line(
    app: Flask, database: Connection, place: int, value: str, words: tuple[str, ...]
) -> None:
    arguments = list(LAKE)
    arguments[place] = value
    refused(run(app, *arguments), *words)


def test_a_number_belongs_to_one_clinic(app: Flask, clinic: BuiltClinic) -> None:
    arguments = list(LAKE)
    arguments[4] = clinic.number
    refused(run(app, *arguments), "number:", "another clinic")


def test_a_clinician_is_added_with_a_link_that_sets_up_the_log_in(app: Flask, clinic: BuiltClinic) -> None:
    result = run(app, "staff", "add", "lead@clinic.example", "--role", "lead", "--clinic", str(clinic.id), "--phone",
                 "(347) 555-0162")  # fmt: skip
    assert result.exit_code == 0, result.output
    link = result.output.splitlines()[-1]
    assert link.startswith("https://recovery.test/set-up/")
    with app.app_context():
        open_set_up(link.rpartition("/")[2], clinic.wiring.vaults)
    with clinic.open() as scope:
        row = scope.connection.execute(select(tables.clinician)).one()
        assert (row.role, row.is_paged, row.password_hash) == ("lead", True, None)
        assert scope.open("clinician.phone", row.id, row.phone_sealed) == "+13475550162"
        assert scope.open("clinician.name", row.id, row.name_sealed) == "lead"


def test_a_clinician_that_is_not_right_is_refused_in_a_line(app: Flask, clinic: BuiltClinic, ben: Persona) -> None:
    there = ("--clinic", str(clinic.id))
    refused(run(app, "staff", "add", "x@clinic.example", "--role", "king", *there), "--role")
    refused(run(app, "staff", "add", "nobody", "--role", "lead", *there), "email:")
    refused(run(app, "staff", "add", "x@clinic.example", "--role", "lead", "--clinic", "No Clinic"), "No Clinic")
    refused(run(app, "staff", "add", "x@clinic.example", "--role", "lead", *there, "--phone", "12"), "phone:")
    assert run(app, "staff", "add", "x@clinic.example", "--role", "nurse", *there).exit_code == 0
    refused(run(app, "staff", "add", "X@Clinic.example", "--role", "nurse", *there), "email:")


def test_two_clinics_of_one_name_must_be_told_apart_by_id(app: Flask, clinic: BuiltClinic) -> None:
    for number in ("+13475550163", "+13475550164"):
        arguments = list(LAKE)
        arguments[4] = number
        assert run(app, *arguments).exit_code == 0
    refused(run(app, "staff", "add", "x@clinic.example", "--role", "lead", "--clinic", "Lake Clinic"), "2 clinics")


def test_settings_that_are_unfit_are_refused_before_anything_is_written(settings: Settings) -> None:
    unfit = create_app(Settings(**{**vars(settings), "env": "production", "public_url": ""}))
    result = run(unfit, *LAKE)
    with unfit.app_context():
        db.engine.dispose()
    refused(result, "Not fit to start", "PUBLIC_URL is not set", "RECOVERY_CLOCK_FILE")

"""Who may call what, past the matrix of everybody and everything (tests/contract): odd tokens, lists, wrong bodies."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import Connection
from werkzeug.test import TestResponse

from recovery_api.api import register_api
from recovery_api.api.calls import Operation
from recovery_api.domain import access
from recovery_api.domain.access import ACCESS, ANYONE, may
from recovery_api.services.credentials import issue
from tests.api.examples import EXAMPLES, World, operations
from tests.builders import BuiltClinic, Persona, make_patient


@pytest.fixture
def closed(app: Flask) -> dict[str, Operation]:
    """The operations that need a token."""
    return {name: one for name, one in operations(app).items() if ACCESS[name] != ANYONE}


@contextmanager
def untouched(database: Connection) -> Iterator[None]:
    """Undo what happens inside, so that the next operation finds the world as it was."""
    savepoint = database.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()


def ask(caller: Persona, operation: Operation, world: World, database: Connection) -> TestResponse:
    path, options = EXAMPLES[operation.name](world)
    with untouched(database):
        return caller.call(operation.method, path, **options)


def statuses(caller: Persona, asked: dict[str, Operation], world: World, database: Connection) -> dict[str, int]:
    return {name: ask(caller, one, world, database).status_code for name, one in asked.items()}


def test_every_operation_has_an_example(app: Flask) -> None:
    assert set(operations(app)) == set(EXAMPLES) == set(ACCESS)


@pytest.mark.parametrize("role", ["privacy_officer", "operator"])
def test_who_is_not_of_the_care_team_reaches_no_clinical_operation(role: str) -> None:
    assert {name for name in ACCESS if may(role, name)} == {name for name in ACCESS if ACCESS[name] == ANYONE}


def test_what_was_never_a_token_is_none(
    world: World, ben: Persona, closed: dict[str, Operation], database: Connection
) -> None:
    for token in ("rta_" + "A" * 43, "rts_ü", "x" * 5000):
        caller = Persona(world.patient.clinic, ben.id, token)
        assert set(statuses(caller, closed, world, database).values()) == {401}, token[:20]


def test_a_session_cookie_is_worth_nothing_here(
    clinic: BuiltClinic, ben: Persona, world: World, closed: dict[str, Operation]
) -> None:
    with clinic.open() as scope:
        session = issue(scope.connection, "session", clinic.id, ben.id)
    for cookie in ("__Host-sid", "sid", "session", "access_token"):
        client = clinic.app.test_client()
        client.set_cookie(cookie, session, domain="localhost")
        assert client.get("/api/v1/flags").status_code == 401
        client.set_cookie(cookie, ben.token, domain="localhost")
        assert client.get("/api/v1/flags").status_code == 401


def test_a_token_in_the_address_is_worth_nothing(ben: Persona) -> None:
    assert ben.client.get("/api/v1/flags", query_string={"access_token": ben.token}).status_code == 401


def test_cleo_finds_nothing_even_with_a_wrong_body_or_no_version(
    world: World, cleo: Persona, closed: dict[str, Operation]
) -> None:
    for name, one in closed.items():
        if "<" in one.path and one.is_write and may("clinician", name):
            path, _ = EXAMPLES[name](world)
            assert cleo.call(one.method, path, json={"nonsense": True}).status_code == 404, name


def test_cleos_lists_show_nothing_of_this_clinic(world: World, cleo: Persona) -> None:
    for path in ("/patients", "/patients?q=Annwyl", "/flags", "/flags?status=open", "/inbox"):
        assert cleo.get(path).json["items"] == [], path


def test_another_patients_lists_show_nothing_of_anns(world: World) -> None:
    other = make_patient(world.patient.clinic, given_name="Pell", phone="+12125550145")
    for path in ("/me/check-ins", "/me/messages", "/me/appointments"):
        assert other.get(path).json["items"] == [], path
    assert other.get("/me").json["id"] == str(other.id)


def test_who_left_or_was_disabled_is_a_stranger(world: World, ben: Persona) -> None:
    ben.patch(f"/patients/{world.patient.id}", json={"status": "left"})
    assert world.patient.get("/me").status_code == 401
    assert ben.get("/flags").status_code == 200


def test_a_route_that_the_table_does_not_name_stops_the_application(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = {name: who for name, who in ACCESS.items() if name != "listInbox"}
    monkeypatch.setattr(access, "ACCESS", shorter)
    with pytest.raises(LookupError, match="listInbox"):
        register_api(Flask("without-a-row"))

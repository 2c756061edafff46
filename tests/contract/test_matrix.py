"""Every operation, asked by everybody: what each cell must be follows from the access table, and is not typed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Connection, text

from recovery_api.api.calls import Operation
from recovery_api.db import metadata
from recovery_api.domain.access import ACCESS, PATIENT, ROLES, may
from recovery_api.services.credentials import issue, revoke
from tests.api.examples import EXAMPLES, World, operations
from tests.builders import BuiltClinic, Persona, make_clinician, make_patient

Samples = Callable[[int, int], int]
FINE = {200, 201, 204}
TRIED = {401}  # an open door at which the example's secret is a made-up one
# Where what an example asks for does not fit what is stored: allowed, and answered so.
UNFIT = {"reopenFlag": 409}
MADE_UP = {"signInStaff", "confirmEnrolment"}


@dataclass(frozen=True)
class Asker:
    """Somebody who asks: their role, or None for a token that is worth nothing; and whether the world is theirs."""

    persona: Persona
    role: str | None
    in_clinic: bool = True
    is_ann: bool = False

    def expected(self, operation: Operation) -> set[int]:
        """What the access table makes of this operation for them."""
        if operation.is_open:
            return TRIED if operation.name in MADE_UP else FINE
        if self.role is None:
            return {401}
        if not may(self.role, operation.name):
            return {403}
        if operation.name in UNFIT and self.in_clinic:
            return {UNFIT[operation.name]}
        if operation.method == "PUT" and not self.in_clinic:
            return FINE  # a name that is free in their own clinic, whatever it means elsewhere
        names_a_row = "<uuid:" in operation.path
        is_theirs = self.is_ann if ACCESS[operation.name] == PATIENT else self.in_clinic
        return FINE if is_theirs or not names_a_row else {404}


def worthless(world: World, ben: Persona, kind: str) -> str:
    """A token that is worth nothing any more, or never was."""
    clinic, subject = world.patient.clinic, ben.id if kind.startswith("staff") else world.patient.id
    name = "staff_access" if kind.startswith("staff") else "patient_access"
    with clinic.open() as scope:
        late = timedelta(seconds=-1) if kind.endswith("expired") else None
        token = issue(scope.connection, name, clinic.id, subject, late)
        if kind.endswith("revoked"):
            revoke(scope.connection, token)
    return token


def askers(world: World, ben: Persona, other_clinic: BuiltClinic) -> dict[str, Callable[[], Asker]]:
    clinic = world.patient.clinic
    made: dict[str, Callable[[], Asker]] = {
        "no token": lambda: Asker(Persona(clinic, ben.id, ""), None),
        "ann": lambda: Asker(world.patient, "patient", is_ann=True),
        "another patient": lambda: Asker(make_patient(clinic, given_name="Pell", phone="+12125550145"), "patient"),
        "a patient of another clinic": lambda: Asker(make_patient(other_clinic), "patient", in_clinic=False),
    }
    for role in ROLES[1:]:
        made[role] = lambda role=role: Asker(make_clinician(clinic, role), role)
    for role in ("clinician", "lead", "nurse", "privacy_officer", "operator"):
        made[f"{role} of another clinic"] = lambda role=role: Asker(
            make_clinician(other_clinic, role), role, in_clinic=False
        )
    for kind in ("patient revoked", "staff revoked", "patient expired", "staff expired"):
        made[kind] = lambda kind=kind: Asker(Persona(clinic, ben.id, worthless(world, ben, kind)), None)
    refresh = world.patient.refresh_token
    secrets = {"a refresh token": lambda: refresh, "a session": lambda: _secret(clinic, "session", ben.id)}
    secrets["a set-up link"] = lambda: _secret(clinic, "set_up", ben.id)
    for name, secret in secrets.items():
        made[name] = lambda secret=secret: Asker(Persona(clinic, ben.id, secret()), None)
    order = sorted(made, key=lambda one: one in ("lead of another clinic", "nurse of another clinic"))
    return {name: made[name] for name in order}


def _secret(clinic: BuiltClinic, kind: str, subject: UUID) -> str:
    with clinic.open() as scope:
        return issue(scope.connection, kind, clinic.id, subject)


@contextmanager
def undone(database: Connection) -> Iterator[None]:
    """Undo what happens inside."""
    savepoint = database.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()


@pytest.mark.soak
def test_every_cell_of_the_matrix_is_what_the_access_table_says(
    app: Flask, world: World, ben: Persona, other_clinic: BuiltClinic, database: Connection, samples: Samples
) -> None:
    everybody = askers(world, ben, other_clinic)
    assert len(everybody) == 21
    chosen = dict(list(everybody.items())[: samples(15, 21)])
    wrong, cells = [], 0
    for who, make in chosen.items():
        asker = make()
        for name, operation in operations(app).items():
            with undone(database):
                path, options = EXAMPLES[name](world)
                status = asker.persona.call(operation.method, path, **options).status_code
            cells += 1
            if status not in asker.expected(operation):
                wrong.append((who, name, status, sorted(asker.expected(operation))))
    assert wrong == []
    assert cells == len(ACCESS) * len(chosen), "every operation by every asker"


NAMED = {"assignee", "owner_id", "patient_id"}  # what a body may name by its id


def test_a_body_that_names_a_row_of_another_clinic_is_refused(
    app: Flask, world: World, ben: Persona, cleo: Persona, database: Connection
) -> None:
    theirs = {"assignee": cleo.id, "owner_id": cleo.id, "patient_id": make_patient(cleo.clinic).id}
    seen = set()
    for name, operation in operations(app).items():
        path, options = EXAMPLES[name](world)
        named = NAMED & set(options.get("json", {}))
        for field in sorted(named):
            body = options["json"] | {field: str(theirs[field])}
            with undone(database):
                answer = ben.call(operation.method, path, **(options | {"json": body}))
            assert answer.status_code in (404, 422), (name, field, answer.text)
            seen.add((name, field))
    assert seen == {("assignFlag", "assignee"), ("holdEpisode", "owner_id"), ("placeInboxText", "patient_id")}


def test_a_list_narrowed_to_somebody_of_another_clinic_is_empty(world: World, ben: Persona, cleo: Persona) -> None:
    assert ben.get("/flags").json["items"] != []
    assert ben.get(f"/flags?assignee={cleo.id}").json["items"] == []


COLUMNS = sorted({column.name for table in metadata.tables.values() for column in table.columns})


def snapshot(database: Connection, world: World) -> dict[str, str]:
    """Every table's content, as a digest; but for the knocks at the doors, which are counted whatever they say."""
    with undone(database):
        database.execute(text("SELECT set_config('app.clinic', :id, true)"), {"id": str(world.patient.clinic.id)})
        asked = [
            f"SELECT '{name}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{name}\" t"
            for name in sorted(set(metadata.tables) - {"knock"})
        ]
        return dict(tuple(row) for row in database.execute(text(" UNION ALL ".join(asked))))


def test_no_column_by_its_name_changes_anything_through_any_write(
    app: Flask, world: World, ben: Persona, database: Connection
) -> None:
    """One write route after the other, with every column of every table that its body does not own."""
    lead = make_clinician(world.patient.clinic, "lead")
    writes = {name: one for name, one in operations(app).items() if one.is_write and one.method != "DELETE"}
    prepared = {name: EXAMPLES[name](world) for name in writes}
    before = snapshot(database, world)
    for name, (path, options) in prepared.items():
        staff = ben if may("clinician", name) else lead
        caller = world.patient if ACCESS[name] == PATIENT or writes[name].is_open else staff
        body = dict.fromkeys(COLUMNS, "1") | options.get("json", {})
        answer = caller.call(writes[name].method, path, **(options | {"json": body}))
        assert answer.status_code == 422, name
        assert snapshot(database, world) == before, name


def test_a_body_of_columns_changes_nothing_of_what_a_removal_removes(
    app: Flask, world: World, ben: Persona, database: Connection
) -> None:
    for name, operation in operations(app).items():
        if operation.method == "DELETE":
            path, _ = EXAMPLES[name](world)
            caller = world.patient if ACCESS[name] == PATIENT else ben
            found = []
            for body in ({}, {"json": dict.fromkeys(COLUMNS, "1")}):
                with undone(database):
                    status = caller.call("DELETE", path, **body).status_code
                    found.append((status, sizes(database)))
            assert found[0] == found[1], name


def sizes(database: Connection) -> dict[str, int]:
    """How many rows each table has."""
    asked = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in sorted(metadata.tables))
    return dict(tuple(row) for row in database.execute(text(asked)))

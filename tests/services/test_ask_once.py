"""Several questions in one statement give the rows that each gives alone, whatever kinds of values they hold."""

from sqlalchemy import select, update

from recovery_api.db import metadata
from recovery_api.models import tables
from recovery_api.services.ask_once import ask_once
from tests.api.examples import World
from tests.builders import NOW, PatientPersona


def test_rows_asked_together_are_as_if_asked_alone(ann: PatientPersona, world: World) -> None:
    point = tables.contact_point
    with ann.clinic.open() as scope:
        scope.connection.execute(
            update(point)
            .where(point.c.patient_id == ann.id)
            .values(answered_at=[NOW, NOW], answered_texts=[b"\0a", b""])
        )
        questions = {
            name: select(table).where(table.c.clinic_id == scope.clinic_id).order_by(*table.primary_key)
            for name, table in metadata.tables.items()
            if "clinic_id" in table.c
        }
        together = ask_once(scope, **questions)
        filled = {name for name, rows in together.items() if rows}
        assert {"patient", "check_in", "contact_point", "care_plan", "flag", "message"} <= filled
        for name, question in questions.items():
            alone = [dict(row._mapping) for row in scope.connection.execute(question)]
            assert [vars(row) for row in together[name]] == alone, name


def test_what_is_not_there_is_an_empty_list(ann: PatientPersona) -> None:
    with ann.clinic.open() as scope:
        flag = tables.flag
        found = ask_once(scope, none=select(flag.c.id).where(flag.c.clinic_id == scope.clinic_id, flag.c.tier == "no"))
    assert found == {"none": []}

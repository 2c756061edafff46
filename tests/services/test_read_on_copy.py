"""The copy for reports: read where there is one, never written, and left out while it is away."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import READING_COPY, db
from recovery_api.services.read_on_copy import on_reading_copy
from tests.builders import make_clinic, make_clinician

AWAY = "postgresql://recovery_app:x@127.0.0.1:1/nowhere"


@pytest.fixture
def copied(settings: Settings, app: Flask) -> Iterator[Flask]:
    """An application whose copy is the same server; `app` takes away what is left."""
    made = create_app(replace(settings, database_read_url=settings.database_url))
    yield made
    with made.app_context():
        for engine in db.engines.values():
            engine.dispose()


def test_the_report_is_read_on_the_copy_and_its_look_is_kept_in_the_database(copied: Flask) -> None:
    nurse = make_clinician(make_clinic(copied))
    asked = []
    with copied.app_context():
        event.listen(db.engines[READING_COPY], "before_cursor_execute", lambda *said: asked.append(said[2]))
    assert nurse.get("/flags/report").status_code == 200
    assert any("flag_event" in statement for statement in asked)
    assert not any("INSERT" in statement for statement in asked)


def test_nothing_can_be_written_on_the_copy_nor_another_clinic_seen(copied: Flask) -> None:
    clinic, other = make_clinic(copied), make_clinic(copied, name="Meadow Clinic")
    with clinic.open() as scope, on_reading_copy(scope) as copy:
        names = copy.connection.execute(text("SELECT name FROM clinic")).scalars().all()
        assert (names, other.id == clinic.id) == (["Harbour Clinic"], False)
        with pytest.raises(DBAPIError, match="read-only"), copy.connection.begin_nested():
            copy.connection.execute(text("UPDATE clinic SET name = 'x'"))


def test_while_the_copy_is_away_the_database_answers(settings: Settings, app: Flask) -> None:
    lonely = create_app(replace(settings, database_read_url=AWAY))
    assert make_clinician(make_clinic(lonely)).get("/flags/report").status_code == 200
    with lonely.app_context():
        db.engine.dispose()


def test_an_address_that_is_none_is_refused(settings: Settings) -> None:
    said = replace(settings, database_read_url="mysql://x").refusals()
    assert any(line.startswith("DATABASE_READ_URL must be an address such as postgresql://") for line in said)

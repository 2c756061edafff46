"""A patient's year out of the simulator, as an app gets it through the API: all of it, page by page."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from recovery_api.config import Settings
from recovery_api.models import tables
from recovery_api.services.credentials import issue
from recovery_api.simulator.year import Year
from recovery_api.simulator.year_carrier import MovingClock, YearCarrier
from recovery_api.simulator.year_hooks import YearHooks
from recovery_api.simulator.year_people import make_people
from recovery_api.simulator.year_start import start_clinic
from recovery_api.wiring import Wiring
from tests.builders import BuiltClinic, Persona
from tests.database import ACCOUNT, TOKEN

BEGINS = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
Samples = Callable[[int, int], int]


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_simulated_year_comes_through_the_api_without_a_gap(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch, samples: Samples
) -> None:
    patient = live(app, settings, monkeypatch, samples(3, 365))
    reports, messages = stored(patient)
    assert reports > 0
    assert len(list(pages(patient, "/me/check-ins?limit=7"))) == reports
    assert len(list(pages(patient, "/me/messages?limit=7"))) == messages
    held = synced(patient)
    assert sum(kind == "check_in" for kind, _ in held) == reports
    assert sum(kind == "message" for kind, _ in held) == messages
    days = [one["day"] for one in pages(patient, "/me/check-ins?limit=200")]
    assert patient.get("/me/episode").json["day"] >= max(days)


def live(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch, days: int) -> Persona:
    """One person's days on the moving clock; the person, with a token of their app."""
    parts: Wiring = app.extensions["recovery"]
    clock = MovingClock(BEGINS)
    monkeypatch.setattr(parts, "clock", clock)
    carrier, nobody = YearCarrier(clock, ACCOUNT), UUID(int=0)
    hooks = YearHooks(app, settings.public_url, ACCOUNT, TOKEN)
    year = Year(app, parts.vaults, settings.public_url, clock, carrier, hooks, nobody, "", nobody, days, {})
    with app.app_context():
        year.people = start_clinic(year, make_people(1, 1, None))
        year.run()
    assert year.checks.broken == []
    assert clock.at > BEGINS + timedelta(days=days - 1)
    clinic, patient_id = BuiltClinic(app, year.clinic_id, year.number), next(iter(year.people))
    with clinic.open() as scope:
        token = issue(scope.connection, "patient_access", clinic.id, patient_id)
    return Persona(clinic, patient_id, token)


def stored(patient: Persona) -> tuple[int, int]:
    """How many check-ins and texts of theirs the database has."""
    check_in, message, episode = tables.check_in, tables.message, tables.episode
    with patient.clinic.open() as scope:
        mine = select(episode.c.id).where(episode.c.patient_id == patient.id)
        reports = select(func.count(check_in.c.id.distinct())).where(check_in.c.episode_id.in_(mine))
        texts = select(func.count()).where(message.c.patient_id == patient.id)
        return scope.connection.execute(reports).scalar_one(), scope.connection.execute(texts).scalar_one()


def pages(patient: Persona, path: str) -> Iterator[dict[str, Any]]:
    """Every item of a list, page after page."""
    cursor = ""
    while cursor is not None:
        answer = patient.get(f"{path}&cursor={cursor}" if cursor else path)
        assert answer.status_code == 200, answer.text
        yield from answer.json["items"]
        cursor = answer.json["next"]


def synced(patient: Persona) -> set[tuple[str, str]]:
    """What an app holds after it has synced from the beginning."""
    held: set[tuple[str, str]] = set()
    path, more = "/me/sync?limit=50", True
    while more:
        page = patient.get(path).json
        for change in page["changes"]:
            (held.discard if change["deleted"] else held.add)((change["type"], change["id"]))
        path, more = f"/me/sync?limit=50&since={page['next']}", page["more"]
    return held

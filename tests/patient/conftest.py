"""A patient who chose the link, and the phone that opens it."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Row, select, update
from werkzeug.test import TestResponse

from recovery_api.models import tables
from recovery_api.services.text_check_in_link import make_link
from tests.builders import PatientPersona

ADDRESS = "https://recovery.test"
YEAR = "1948"
SESSION = "__Host-check-in"


@dataclass
class WebPhone:
    """A browser without scripts."""

    patient: PatientPersona
    client: FlaskClient
    link: str

    def get(self, path: str, **options: Any) -> TestResponse:
        """Look at a page, following where it leads."""
        return self.client.get(path, base_url=ADDRESS, follow_redirects=True, **options)

    def post(self, path: str, **form: str) -> TestResponse:
        """Press a button, and go where it leads."""
        return self.client.post(path, base_url=ADDRESS, data=form, follow_redirects=True)

    def open(self, year: str = YEAR) -> TestResponse:
        """Give the year of birth."""
        return self.post(self.link, year=year, lang="en")

    def answer(self, step: str, said: str = "", **more: str) -> TestResponse:
        """Answer one question."""
        return self.post(f"/c/q/{step}", csrf=self.token(), said=said, **more)

    def send(self) -> TestResponse:
        """Send the answers."""
        return self.post("/c/q/send", csrf=self.token())

    def token(self) -> str:
        """The form token of this session."""
        found = re.search(r'name="csrf" value="(\w+)"', self.get("/c/q/pain").text)
        return found[1] if found else ""

    def answer_all(self) -> None:
        """Four calm answers."""
        for step, said in (("pain", "4"), ("activity", "short_walks"), ("pills", "2"), ("new", "no")):
            assert self.answer(step, said).status_code == 200

    def check_ins(self) -> list[Row[Any]]:
        """What was recorded of the patient."""
        with self.patient.clinic.open() as scope:
            check_in = tables.check_in
            mine = check_in.c.episode_id == self.patient.episode_id
            return list(scope.connection.execute(select(check_in).where(mine)).all())


def new_link(patient: PatientPersona, language: str = "en") -> str:
    """The path of a fresh link."""
    with patient.clinic.open() as scope:
        now = patient.clinic.wiring.clock.now()
        link = make_link(scope, patient.id, patient.episode_id, language, ADDRESS, now)
    return link.removeprefix(ADDRESS)


def choose_link(patient: PatientPersona) -> None:
    """The patient asks for links."""
    with patient.clinic.open() as scope:
        point = tables.contact_point
        scope.connection.execute(update(point).where(point.c.patient_id == patient.id).values(takes_link=True))


@pytest.fixture
def phone(app: Flask, database: Connection, ann: PatientPersona) -> WebPhone:
    """Ann's phone with a link that nobody opened."""
    return WebPhone(ann, app.test_client(), new_link(ann))

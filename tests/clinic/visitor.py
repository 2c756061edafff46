"""A clinician's browser without a screen: signed in, following links, posting the forms of a page."""

import re

from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from recovery_api.clock import real_now
from recovery_api.models import tables
from recovery_api.services.credentials import digest_of, issue
from tests.builders import Persona


class Visitor:
    """One clinician, signed in just now."""

    def __init__(self, persona: Persona) -> None:
        with persona.clinic.open() as scope:
            secret = issue(scope.connection, "session", persona.clinic.id, persona.id)
            mine = tables.credential.c.digest == digest_of(secret)
            scope.connection.execute(update(tables.credential).where(mine).values(proved_at=real_now()))
        self.client: FlaskClient = persona.clinic.app.test_client()
        self.client.set_cookie("__Host-session", secret)
        self.client.set_cookie("session", secret)

    def get(self, path: str, **options: object) -> TestResponse:
        """One page."""
        return self.client.get(path, **options)  # type: ignore[arg-type]

    def read(self, path: str) -> str:
        """The text of a page that is there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def post(self, path: str, **fields: str) -> TestResponse:
        """A form of ours, with its token."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.read("/patients"))
        assert found is not None
        return self.client.post(path, data={"csrf": found[1], **fields})

    def done(self, path: str, **fields: str) -> str:
        """The page that a form leads to."""
        answer = self.post(path, **fields)
        assert answer.status_code == 303, (path, answer.status_code, answer.text[:300])
        return self.read(answer.headers["Location"].split("#")[0])

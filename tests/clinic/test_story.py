"""What happened to a flag, as the patient's page tells it: every kind has a sentence that is so."""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from recovery_api.app import create_app
from recovery_api.clinic.story import told_by
from recovery_api.config import Settings
from recovery_api.models.flags import EVENT_KINDS
from recovery_api.services.read_flags import FlagEventFacts
from tests.builders import NOW


@pytest.fixture(scope="module")
def bare() -> Flask:
    """The application without an environment or a database."""
    return create_app(Settings())


def told(app: Flask, kind: str, **detail: Any) -> str:
    with app.test_request_context("/"):
        return told_by(FlagEventFacts(UUID(int=1), kind, NOW, "Made Up", detail, None))


@pytest.mark.parametrize("kind", EVENT_KINDS)
def test_every_kind_of_event_is_told(bare: Flask, kind: str) -> None:
    assert told(bare, kind, tier="urgent", outcome="advised", channel="sms", rung=0)


def test_a_page_that_waits_to_leave_is_told_as_one(bare: Flask) -> None:
    said = told(bare, "paged", channel="sms", rung=1)
    assert told(bare, "paged", channel="sms", rung=1, waits=True) == f"{said} (waiting to leave)"


def test_a_rung_that_moved_with_the_clock_is_not_said_to_have_come_with_another_flag(bare: Flask) -> None:
    assert "another flag" in told(bare, "rung_moved", **{"with": str(UUID(int=2))})
    assert "clock" in told(bare, "rung_moved", to=NOW.isoformat())

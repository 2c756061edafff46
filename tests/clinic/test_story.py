"""What happened to a flag, as the patient's page tells it: every kind has a sentence that is so."""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from recovery_api.app import create_app
from recovery_api.clinic.shown import story_of
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


def test_a_call_that_nobody_took_is_told_apart_from_a_page_that_never_left(bare: Flask) -> None:
    assert told(bare, "page_failed", channel="voice", why="no_answer") == "Nobody took the page by call"
    assert told(bare, "page_failed", channel="sms", why="no_address") == "A page by text did not go out"


def test_who_was_paged_is_named_and_what_reads_the_same_is_said_once(bare: Flask) -> None:
    def page(clinician_id: str) -> FlagEventFacts:
        return FlagEventFacts(UUID(int=1), "paged", NOW, "", {"channel": "voice", "clinician_id": clinician_id}, None)

    with bare.test_request_context("/"):
        named = story_of([page("a"), page("b")], {"a": "Ann Made Up", "b": "Ben Made Up"})
        unnamed = story_of([page("a"), page("b")])
    duty = "The clinician on duty was paged by call"
    assert [line.sentence for line in named] == [f"{duty}: Ann Made Up", f"{duty}: Ben Made Up"]
    assert [line.sentence for line in unnamed] == [duty]

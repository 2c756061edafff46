"""How many questions a page asks of the database, all told: session, health of the system, frame and content."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask

from recovery_api.clinic import inbox_views
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician, make_patient, record
from tests.clinic.every_page import all_has_happened, views
from tests.clinic.visitor import Visitor
from tests.services.phone import Phone

MOST = 6
PATIENTS_OWN = ("", "/print", "/check-ins/new")
LISTS = (
    "/worklist", "/worklist?show=mine", "/worklist?show=resolved", "/worklist/handover", "/patients", "/inbox",
    "/enrol", "/enrol/import", "/texts", "/texts/saved/en", "/clinic", "/clinic/ladder", "/clinic/rota",
    "/clinic/protocol", "/clinic/staff", "/clinic/audit", "/account",
)  # fmt: skip

COUNTED = {*LISTS, "/worklist/rows"}


@pytest.fixture
def lead(clinic: BuiltClinic) -> Visitor:
    """The lead's browser."""
    return Visitor(make_clinician(clinic, "lead"))


@contextmanager
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that reaches the driver, whichever way, but for those that open and close a transaction."""
    said: list[str] = []
    execute = psycopg.Cursor.execute

    def hear(cursor: Any, statement: Any, *more: Any, **how: Any) -> Any:
        words = statement.decode() if isinstance(statement, bytes) else str(statement)
        if "SAVEPOINT" not in words:
            said.append(" ".join(words.split())[:120])
        return execute(cursor, statement, *more, **how)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", hear)
        yield said


def asked(visitor: Visitor, monkeypatch: pytest.MonkeyPatch, path: str, **headers: str) -> list[str]:
    """What a page asks once its process is warm: what is read once a process or once a day is known."""
    assert visitor.get(path, headers=headers).status_code in (200, 304), path
    with heard(monkeypatch) as said:
        visitor.get(path, headers=headers)
    return said


def too_many(asked: dict[str, list[str]]) -> str:
    """The pages that ask more than they may, with what they ask."""
    return "\n".join(f"{path}: {len(said)}\n  " + "\n  ".join(said) for path, said in asked.items() if len(said) > MOST)


def much_happens(clinic: BuiltClinic, ann: PatientPersona) -> None:
    """Flags of several patients, answers, texts, and one text for a person."""
    for number in range(5):
        record(make_patient(clinic, given_name=f"A{number}", phone=f"+1212555010{number}"), 6, symptoms=("fever",))
    for days_ago in (3, 2, 1, 0):
        record(ann, 8, days_ago=days_ago, symptoms=("fever",))
    Phone(clinic, ann.phone).text("7")
    Phone(clinic, "+13475550177").text("hello?")


def test_no_list_asks_more_than_six_questions_whatever_its_length(
    clinic: BuiltClinic, ann: PatientPersona, lead: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(ann, 8, symptoms=("fever",))
    Phone(clinic, "+13475550178").text("hello?")
    few = {path: len(asked(lead, monkeypatch, path)) for path in LISTS}
    much_happens(clinic, ann)
    many = {path: asked(lead, monkeypatch, path) for path in LISTS}
    assert not (over := too_many(many)), over
    assert {path: len(said) for path, said in many.items() if len(said) > few[path]} == {}


def test_the_patients_pages_ask_no_more_than_six_questions_whatever_their_length(
    clinic: BuiltClinic, ann: PatientPersona, lead: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(ann, 3, days_ago=4)
    few = len(asked(lead, monkeypatch, f"/patients/{ann.id}"))
    much_happens(clinic, ann)
    many = {path: asked(lead, monkeypatch, f"/patients/{ann.id}{path}") for path in PATIENTS_OWN}
    assert not (over := too_many(many)), over
    assert len(many[""]) == few


def test_no_page_at_all_asks_more_than_six_questions(
    app: Flask,
    ann: PatientPersona,
    ben: Persona,
    lead: Visitor,
    clock: ClockHand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the map of the application, so that a new page is counted too."""
    addresses = all_has_happened(ann, ben, lead, clock)
    paths = [path for path, _ in views(app, addresses) if path not in COUNTED and lead.get(path).status_code == 200]
    many = {path: asked(lead, monkeypatch, path) for path in paths}
    assert {"/clinic/reports", "/clinic/rules", "/account", f"/patients/{ann.id}/forms"} - COUNTED < set(many)
    assert not (over := too_many(many)), over


def test_a_look_that_finds_nothing_new_asks_three(lead: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = lead.get("/worklist/rows", headers={"HX-Request": "true"}).headers["ETag"]
    said = asked(lead, monkeypatch, "/worklist/rows", **{"HX-Request": "true", "If-None-Match": tag})
    assert len(said) == 3, said


def test_the_inbox_and_its_search_ask_no_more_than_six_where_texts_of_every_kind_wait(
    clinic: BuiltClinic, ann: PatientPersona, lead: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = make_patient(clinic, given_name="Borvin", phone="+12125550145")
    make_patient(clinic, given_name="Pell", phone=shared.phone)
    Phone(clinic, ann.phone).text("call me please")
    Phone(clinic, shared.phone).text("4")
    stranger = Phone(clinic, "+13475550177").text("hello?").message.id
    paths = ("/inbox", "/patients?q=%2B12125550145", f"/patients?q=pell&text={stranger}")
    for few in (0, 50):
        monkeypatch.setattr(inbox_views, "FEW_PATIENTS", few)
        many = {path: asked(lead, monkeypatch, path) for path in paths}
        assert not (over := too_many(many)), over

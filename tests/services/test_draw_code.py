"""The codes of pages: no two flags in hand have the same, also where two are drawn at the same moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete

from recovery_api.db import open_transaction
from recovery_api.domain.page_code import page_code
from recovery_api.domain.tiers import Tier
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services import draw_code
from recovery_api.services.draw_code import DRAWS, draw_climb, draw_flag_id
from tests.builders import BuiltClinic, PatientPersona, Persona, make_clinic, make_patient
from tests.services.test_climb_ladder import call, finding, flag_of, from_phone

pytestmark = pytest.mark.usefixtures("real")


def id_with(code: str) -> UUID:
    return next(one for one in iter(new_id, None) if page_code(one) == code)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The ids that are drawn, in their order."""

    def give(*ids: UUID) -> None:
        coming = iter(ids)
        monkeypatch.setattr(draw_code, "new_id", lambda: next(coming, None) or new_id())

    return give


def test_two_flags_in_hand_never_have_one_code_and_each_is_taken_by_its_own(
    ann: PatientPersona, ben: Persona, drawn: Any
) -> None:
    first = call(ann, finding(Tier.URGENT))
    twin = id_with(page_code(first))
    drawn(twin)
    second = call(make_patient(ann.clinic, phone="+12135550190"), finding(Tier.URGENT))
    assert second != twin
    for flag_id in (first, second):
        assert "is yours now" in from_phone(ann.clinic, "+12125550130", page_code(flag_id)).bodies[0]
        assert flag_of(ann.clinic, flag_id).owner_id == ben.id


def test_a_flag_that_calls_anew_passes_over_a_code_that_another_has_and_over_its_own_last_one(
    ann: PatientPersona, drawn: Any
) -> None:
    first = new_id()
    drawn(id_with(page_code(first, 2)))
    call(ann, finding(Tier.URGENT))
    with ann.clinic.open() as scope:
        row: Any = SimpleNamespace(id=first, climb=1)
        assert draw_climb(scope, row) == 3


def test_where_every_code_is_taken_a_flag_is_raised_all_the_same(ann: PatientPersona, drawn: Any) -> None:
    first = call(ann, finding(Tier.URGENT))
    last = call_with_twins(ann, drawn, first)
    assert page_code(last) == page_code(first)


def call_with_twins(ann: PatientPersona, drawn: Any, first: UUID) -> UUID:
    twin = id_with(page_code(first))
    drawn(*[twin] * DRAWS)
    return call(make_patient(ann.clinic, phone="+12135550190"), finding(Tier.URGENT))


@pytest.fixture
def committed(app: Flask) -> Iterator[BuiltClinic]:
    """A clinic in the database itself; its number is taken away at the end."""
    made = make_clinic(app)
    yield made
    with app.app_context(), open_transaction() as connection:
        number = tables.sender_number
        connection.execute(delete(number).where(number.c.clinic_id == made.id))


def test_of_two_who_draw_one_code_at_the_same_moment_the_second_draws_again(committed: BuiltClinic, drawn: Any) -> None:
    first = new_id()
    twin = id_with(page_code(first))

    def draw() -> UUID:
        with committed.open() as scope:
            return draw_flag_id(scope)

    with ThreadPoolExecutor(1) as pool, committed.open() as scope:
        drawn(*[first] * DRAWS)
        assert draw_flag_id(scope) == first
        drawn(twin)
        assert page_code(pool.submit(draw).result(timeout=10)) != page_code(first)

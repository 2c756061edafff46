"""Flags: grouped by family, raised and woken but never lowered, and closed by a clinician alone."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row, select

from recovery_api.domain.errors import Conflict, Invalid, NotFound, StaleVersion
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.answer_flags import (
    Deed,
    acknowledge_flag,
    assign_flag,
    reopen_flag,
    resolve_flag,
    snooze_flag,
)
from recovery_api.services.raise_flags import FlagSubject, RaisedFlag, raise_flags
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician, make_patient


def finding(tier: Tier, family: str = "red_flag", minutes: int = 60, rule: str = "made_up") -> Finding:
    return Finding(rule, "1", family, tier, f"because of {tier}", minutes, {"tier": tier})


def raise_on(patient: PatientPersona, now: datetime, *findings: Finding) -> list[RaisedFlag]:
    with patient.clinic.open() as scope:
        return raise_flags(scope, FlagSubject(patient.episode_id, patient.id, quote="in their words"), findings, now)


def flag_of(clinic: BuiltClinic, flag_id: UUID) -> Row[Any]:
    with clinic.open() as scope:
        return scope.connection.execute(select(tables.flag).where(tables.flag.c.id == flag_id)).one()


def events(clinic: BuiltClinic, flag_id: UUID) -> list[str]:
    event = tables.flag_event
    with clinic.open() as scope:
        chosen = select(event.c.kind).where(event.c.flag_id == flag_id).order_by(event.c.at, event.c.id)
        return list(scope.connection.execute(chosen).scalars())


# raising


def test_findings_of_a_family_are_one_flag_with_the_most_urgent_reason(ann: PatientPersona, clock: ClockHand) -> None:
    raised = raise_on(ann, clock.now, finding(Tier.TODAY), finding(Tier.EMERGENCY), finding(Tier.URGENT, "worsening"))
    assert [(one.family, one.tier, one.must_page) for one in raised] == [
        ("red_flag", Tier.EMERGENCY, True),
        ("worsening", Tier.URGENT, True),
    ]
    row = flag_of(ann.clinic, raised[0].id)
    assert (row.reason, row.inputs, row.status, row.version) == (
        "because of emergency",
        {"tier": "emergency"},
        "open",
        1,
    )
    assert row.respond_by == clock.now + timedelta(minutes=60)
    with ann.clinic.open() as scope:
        assert scope.open("flag.quote", row.id, row.quote_sealed) == "in their words"


def test_more_of_the_same_is_counted_and_pages_nobody(ann: PatientPersona, clock: ClockHand) -> None:
    [first] = raise_on(ann, clock.now, finding(Tier.URGENT))
    clock.forward(minutes=5)
    [second] = raise_on(ann, clock.now, finding(Tier.URGENT))
    row = flag_of(ann.clinic, first.id)
    assert (second.id, second.must_page) == (first.id, False)
    assert (row.repeats, row.version, row.last_at, row.opened_at) == (1, 2, clock.now, clock.now - timedelta(minutes=5))
    assert events(ann.clinic, first.id) == ["opened", "repeated"]


def symptom(code: str, tier: Tier = Tier.EMERGENCY, minutes: int = 15) -> Finding:
    return Finding(f"RF-{code}", "1", "red_flag", tier, f"because of {code}", minutes, {"symptom": code})


def test_a_second_danger_of_the_same_tier_is_told_and_pages_once(ann: PatientPersona, clock: ClockHand) -> None:
    [first] = raise_on(ann, clock.now, symptom("leg_weakness"))
    promised = flag_of(ann.clinic, first.id).respond_by
    clock.forward(minutes=5)
    [second] = raise_on(ann, clock.now, symptom("leg_weakness"), symptom("breathing"))
    row = flag_of(ann.clinic, first.id)
    assert (second.id, second.must_page, row.reason) == (first.id, True, "because of breathing")
    assert (row.status, row.respond_by, row.last_at) == ("open", promised, clock.now)
    repeats = (symptom("breathing"), symptom("leg_weakness"))
    assert [raise_on(ann, clock.now, repeats[turn % 2])[0].must_page for turn in range(4)] == [False] * 4
    assert flag_of(ann.clinic, first.id).reason == "because of breathing"


def test_danger_after_a_flag_was_taken_opens_it_again_and_pages_once(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    [first] = raise_on(ann, clock.now, symptom("breathing"))
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, first.id, 1), clock.now)
    clock.forward(minutes=5)
    assert [raise_on(ann, clock.now, symptom("breathing"))[0].must_page for _ in range(3)] == [True, False, False]
    row = flag_of(ann.clinic, first.id)
    assert (row.status, row.owner_id, row.acknowledged_at) == ("open", ben.id, None)
    assert events(ann.clinic, first.id) == ["opened", "acknowledged", "repeated", "repeated", "repeated"]


def test_urgent_news_on_an_emergency_pages_and_leaves_its_tier_and_reason(
    ann: PatientPersona, clock: ClockHand
) -> None:
    [first] = raise_on(ann, clock.now, symptom("breathing"))
    [second] = raise_on(ann, clock.now, symptom("wound", Tier.URGENT))
    assert (second.must_page, second.tier) == (True, Tier.EMERGENCY)
    row = flag_of(ann.clinic, first.id)
    assert (row.tier, row.reason) == ("emergency", "because of breathing")


def test_a_calm_finding_on_a_taken_flag_leaves_it_with_its_owner(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    [first] = raise_on(ann, clock.now, finding(Tier.TODAY))
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, first.id, 1), clock.now)
    assert not raise_on(ann, clock.now, finding(Tier.TODAY))[0].must_page
    row = flag_of(ann.clinic, first.id)
    assert (row.status, row.acknowledged_at) == ("acknowledged", clock.now)


def test_a_calmer_finding_changes_neither_tier_nor_reason_nor_time(ann: PatientPersona, clock: ClockHand) -> None:
    [first] = raise_on(ann, clock.now, finding(Tier.URGENT, minutes=30))
    before = flag_of(ann.clinic, first.id)
    clock.forward(minutes=5)
    [second] = raise_on(ann, clock.now, finding(Tier.REVIEW, minutes=1))
    after = flag_of(ann.clinic, first.id)
    assert (second.tier, second.must_page) == (Tier.URGENT, False)
    kept = ("tier", "reason", "inputs", "respond_by", "status", "rule")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]


def test_a_more_urgent_finding_raises_the_flag_and_pages_again(ann: PatientPersona, clock: ClockHand) -> None:
    [first] = raise_on(ann, clock.now, finding(Tier.TODAY, minutes=20))
    clock.forward(minutes=5)
    [second] = raise_on(ann, clock.now, finding(Tier.EMERGENCY, minutes=60, rule="other"))
    row = flag_of(ann.clinic, first.id)
    assert (second.id, second.tier, second.must_page) == (first.id, Tier.EMERGENCY, True)
    assert (row.tier, row.rule, row.reason) == ("emergency", "other", "because of emergency")
    assert row.respond_by == clock.now + timedelta(minutes=15), "never later than was promised"
    assert events(ann.clinic, first.id) == ["opened", "raised"]


def test_a_taken_flag_that_gets_worse_is_open_again(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    [first] = raise_on(ann, clock.now, finding(Tier.TODAY))
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, first.id, 1), clock.now)
    raise_on(ann, clock.now, finding(Tier.URGENT))
    assert flag_of(ann.clinic, first.id).status == "open"


def test_a_flag_that_was_put_off_wakes_when_more_comes(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    [first] = raise_on(ann, clock.now, finding(Tier.URGENT))
    with ann.clinic.open() as scope:
        snooze_flag(scope, Deed(ben.id, first.id, 1), clock.now + timedelta(hours=3), "in surgery", clock.now)
    clock.forward(minutes=5)
    [again] = raise_on(ann, clock.now, finding(Tier.REVIEW))
    row = flag_of(ann.clinic, first.id)
    assert (again.must_page, row.status, row.snoozed_until, row.tier) == (True, "open", None, "urgent")
    assert events(ann.clinic, first.id) == ["opened", "snoozed", "woken"]


def test_after_a_flag_was_closed_the_next_finding_opens_a_new_one(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    [first] = raise_on(ann, clock.now, finding(Tier.URGENT))
    with ann.clinic.open() as scope:
        resolve_flag(scope, Deed(ben.id, first.id, 1), "advised", "spoke with her", clock.now)
    clock.forward(minutes=5)
    [second] = raise_on(ann, clock.now, finding(Tier.REVIEW))
    assert second.id != first.id
    assert second.must_page


def test_two_patients_never_share_a_flag(ann: PatientPersona, clock: ClockHand) -> None:
    other = make_patient(ann.clinic, phone="+12125550142")
    [first] = raise_on(ann, clock.now, finding(Tier.URGENT))
    [second] = raise_on(other, clock.now, finding(Tier.URGENT))
    assert first.id != second.id


# a clinician's deeds


@pytest.fixture
def flag(ann: PatientPersona, clock: ClockHand) -> UUID:
    """An urgent flag on Ann."""
    return raise_on(ann, clock.now, finding(Tier.URGENT))[0].id


def test_who_takes_a_flag_first_has_it(ann: PatientPersona, ben: Persona, flag: UUID, clock: ClockHand) -> None:
    colleague = make_clinician(ann.clinic, "nurse")
    with ann.clinic.open() as scope:
        assert acknowledge_flag(scope, Deed(ben.id, flag, 1), clock.now) == 2
        assert acknowledge_flag(scope, Deed(ben.id, flag, None), clock.now) == 2
        with pytest.raises(Conflict):
            acknowledge_flag(scope, Deed(colleague.id, flag, 2), clock.now)
    row = flag_of(ann.clinic, flag)
    assert (row.status, row.owner_id, row.acknowledged_at) == ("acknowledged", ben.id, clock.now)


def test_a_deed_on_what_somebody_else_changed_is_refused(
    ann: PatientPersona, ben: Persona, flag: UUID, clock: ClockHand
) -> None:
    raise_on(ann, clock.now, finding(Tier.EMERGENCY))
    before = flag_of(ann.clinic, flag)
    with ann.clinic.open() as scope:
        stale = Deed(ben.id, flag, 1)
        for act in (
            lambda: acknowledge_flag(scope, stale, clock.now),
            lambda: assign_flag(scope, stale, ben.id, clock.now),
            lambda: snooze_flag(scope, stale, clock.now + timedelta(hours=1), "later", clock.now),
            lambda: resolve_flag(scope, stale, "advised", "done", clock.now),
            lambda: reopen_flag(scope, stale, "again", clock.now),
        ):
            with pytest.raises(StaleVersion):
                act()
    assert flag_of(ann.clinic, flag) == before


def test_a_flag_is_closed_with_an_outcome_and_a_sealed_note(
    ann: PatientPersona, ben: Persona, flag: UUID, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        resolve_flag(scope, Deed(ben.id, flag, 1), "visit_booked", "comes on Monday", clock.now)
    row = flag_of(ann.clinic, flag)
    assert (row.status, row.outcome, row.resolved_at, row.owner_id) == ("resolved", "visit_booked", clock.now, ben.id)
    event, audit = tables.flag_event, tables.audit_event
    with ann.clinic.open() as scope:
        told = scope.connection.execute(select(event).where(event.c.kind == "resolved")).one()
        assert scope.open("flag_event.note", told.id, told.note_sealed) == "comes on Monday"
        who = scope.connection.execute(select(audit.c.actor_id).where(audit.c.action == "flag.resolved")).scalar_one()
        assert who == ben.id
        with pytest.raises(Conflict):
            resolve_flag(scope, Deed(ben.id, flag, 2), "advised", "again", clock.now)


@pytest.mark.parametrize(
    ("outcome", "note", "field"),
    [("advised", "  ", "note"), ("solved", "done", "outcome"), ("advised", "x" * 4001, "note")],
)
def test_a_flag_is_not_closed_without_an_outcome_and_a_note(
    ann: PatientPersona, ben: Persona, flag: UUID, clock: ClockHand, outcome: str, note: str, field: str
) -> None:
    with ann.clinic.open() as scope, pytest.raises(Invalid) as refused:
        resolve_flag(scope, Deed(ben.id, flag, 1), outcome, note, clock.now)
    assert refused.value.field == field
    assert flag_of(ann.clinic, flag).status == "open"


def test_who_could_not_be_reached_stays_on_the_list(
    ann: PatientPersona, ben: Persona, flag: UUID, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, flag, 1), clock.now)
    clock.forward(minutes=1)
    with ann.clinic.open() as scope:
        resolve_flag(scope, Deed(ben.id, flag, 2), "could_not_reach", "no answer", clock.now)
    row = flag_of(ann.clinic, flag)
    assert (row.status, row.outcome, row.owner_id, row.resolved_at) == ("open", None, None, None)
    assert events(ann.clinic, flag) == ["opened", "acknowledged", "could_not_reach"]


def test_a_flag_put_off_that_nobody_could_reach_is_not_put_off_any_more(
    ann: PatientPersona, ben: Persona, flag: UUID, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        snooze_flag(scope, Deed(ben.id, flag, 1), clock.now + timedelta(hours=3), "in surgery", clock.now)
        resolve_flag(scope, Deed(ben.id, flag, 2), "could_not_reach", "no answer", clock.now)
    row = flag_of(ann.clinic, flag)
    assert (row.status, row.snoozed_until) == ("open", None)


def test_a_closed_flag_can_be_opened_again_unless_a_newer_one_stands(
    ann: PatientPersona, ben: Persona, flag: UUID, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        with pytest.raises(Conflict):
            reopen_flag(scope, Deed(ben.id, flag, 1), "not closed yet", clock.now)
        resolve_flag(scope, Deed(ben.id, flag, 1), "advised", "done", clock.now)
        assert reopen_flag(scope, Deed(ben.id, flag, 2), "not done", clock.now) == 3
        resolve_flag(scope, Deed(ben.id, flag, 3), "advised", "done", clock.now)
    row = flag_of(ann.clinic, flag)
    assert (row.status, row.version) == ("resolved", 4)
    [newer] = raise_on(ann, clock.now, finding(Tier.TODAY))
    with ann.clinic.open() as scope, pytest.raises(Conflict):
        reopen_flag(scope, Deed(ben.id, flag, 4), "again", clock.now)
    assert flag_of(ann.clinic, flag).status == "resolved"
    assert flag_of(ann.clinic, newer.id).status == "open"


@pytest.mark.parametrize("hours", [0, -1, 24.01])
def test_a_flag_is_put_off_for_a_day_at_most(
    ann: PatientPersona, ben: Persona, flag: UUID, clock: ClockHand, hours: float
) -> None:
    with ann.clinic.open() as scope, pytest.raises(Invalid):
        snooze_flag(scope, Deed(ben.id, flag, 1), clock.now + timedelta(hours=hours), "later", clock.now)


def test_a_flag_sleeps_no_longer_than_a_day_when_the_clock_is_put_back(
    ann: PatientPersona, ben: Persona, flag: UUID, clock: ClockHand
) -> None:
    def put_off(hours: float) -> bool:
        with ann.clinic.open() as scope:
            try:
                snooze_flag(scope, Deed(ben.id, flag, None), clock.now + timedelta(hours=hours), "later", clock.now)
            except Invalid:
                return False
        return True

    began = clock.now
    clock.forward(days=-2)
    assert put_off(20)
    asleep = clock.now
    assert [put_off(hours) for hours in (24, 23, 25)] == [True, True, False]
    clock.forward(hours=20)
    assert [put_off(hours) for hours in (5, 4)] == [False, True], "a day from when it fell asleep, not from each press"
    clock.forward(hours=-2)
    assert [put_off(hours) for hours in (6.5, 6)] == [False, True]
    clock.set(asleep - timedelta(hours=3))
    assert [put_off(hours) for hours in (25, 24)] == [False, True], "nor longer than a day from now"
    clock.set(began)
    assert [put_off(hours) for hours in (-30, 1)] == [False, False], "it should have called long ago"


def test_an_emergency_is_never_put_off(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    [urgent] = raise_on(ann, clock.now, finding(Tier.EMERGENCY))
    with ann.clinic.open() as scope, pytest.raises(Conflict):
        snooze_flag(scope, Deed(ben.id, urgent.id, 1), clock.now + timedelta(hours=1), "later", clock.now)


def test_a_flag_is_handed_to_colleagues_of_the_clinic_alone(
    ann: PatientPersona, ben: Persona, cleo: Persona, flag: UUID, clock: ClockHand
) -> None:
    colleague = make_clinician(ann.clinic, "nurse")
    with ann.clinic.open() as scope:
        for stranger in (cleo, make_clinician(ann.clinic, "operator")):
            with pytest.raises(Invalid):
                assign_flag(scope, Deed(ben.id, flag, 1), stranger.id, clock.now)
        assign_flag(scope, Deed(ben.id, flag, 1), colleague.id, clock.now)
    row = flag_of(ann.clinic, flag)
    assert (row.owner_id, row.status) == (colleague.id, "acknowledged")


def test_a_flag_of_another_clinic_does_not_exist(cleo: Persona, flag: UUID, clock: ClockHand) -> None:
    with cleo.clinic.open() as scope:
        for unknown in (flag, new_id()):
            with pytest.raises(NotFound):
                acknowledge_flag(scope, Deed(cleo.id, unknown, None), clock.now)

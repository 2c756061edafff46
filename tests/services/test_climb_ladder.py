"""The ladder at work: rungs told from the database on time, by any number of tickers, until a person answers."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, CursorResult, Executable, delete, insert, select, text, update

from recovery_api.domain.ladder import CHANNELS
from recovery_api.domain.page_code import page_code
from recovery_api.domain.readings import Finding
from recovery_api.domain.rules import FAMILIES
from recovery_api.domain.tiers import Tier
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.ladder_pack import ladder_pack
from recovery_api.services.answer_flags import (
    Deed,
    acknowledge_flag,
    assign_flag,
    release_flag,
    reopen_flag,
    resolve_flag,
    snooze_flag,
)
from recovery_api.services.climb_ladder import climb_due
from recovery_api.services.follow_clock import follow_clock
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.wake_flags import wake_flags
from recovery_api.services.watch_coverage import watch_coverage
from tests.builders import NOW, BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician, record
from tests.services.outbox import Outbox
from tests.services.phone import Phone
from tests.services.schedules import undone
from tests.services.scripted_carrier import RealTime

pytestmark = pytest.mark.usefixtures("real")
TO_TAKE_BACK = timedelta(seconds=12)  # so long a text waits that tells of a deed which may be taken back


def finding(tier: Tier, pain: int | None = None, rule: str = "made_up", family: str = "red_flag") -> Finding:
    return Finding(rule, "1", family, tier, f"because of {tier}", 60, {} if pain is None else {"pain": pain})


def call(patient: PatientPersona, *findings: Finding) -> UUID:
    """Findings of one answer, stored and paged as the road of an answer does."""
    now = patient.clinic.wiring.clock.now()
    with patient.clinic.open() as scope:
        flags = raise_flags(scope, FlagSubject(patient.episode_id, patient.id), findings, now)
        page_clinicians(scope, flags, now)
    return flags[0].id


def climb(clinic: BuiltClinic, channels: tuple[str, ...] = CHANNELS, holder: str = "tests:0:0") -> int:
    with clinic.app.app_context():
        return climb_due(holder, clinic.wiring.vaults, channels, clinic.wiring.clock.now())


def flag_of(clinic: BuiltClinic, flag_id: UUID) -> Any:
    with clinic.open() as scope:
        return scope.connection.execute(select(tables.flag).where(tables.flag.c.id == flag_id)).one()


def texts(clinic: BuiltClinic) -> list[Any]:
    message = tables.message
    with clinic.open() as scope:
        rows = scope.connection.execute(
            select(message).where(message.c.purpose == "page").order_by(message.c.created_at, message.c.id)
        ).all()
        return [(row.clinician_id, scope.open("message.body", row.id, row.body_sealed)) for row in rows]


def events(clinic: BuiltClinic, flag_id: UUID, kind: str = "paged") -> list[Any]:
    event = tables.flag_event
    with clinic.open() as scope:
        chosen = select(event).where(event.c.flag_id == flag_id, event.c.kind == kind)
        return list(scope.connection.execute(chosen.order_by(event.c.id)).all())


def sent(clinic: BuiltClinic) -> None:
    """Whatever was planned has left."""
    with clinic.open() as scope:
        scope.connection.execute(update(tables.message).values(state="accepted"))


def test_an_emergency_is_told_rung_by_rung_in_its_minutes_and_then_again_and_again(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    lead = make_clinician(ann.clinic, "lead", phone="+12125550132")
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.clinician).values(is_paged=tables.clinician.c.id == ben.id))
    flag_id, began = call(ann, finding(Tier.EMERGENCY)), clock.now
    for _ in range(50):
        sent(ann.clinic)
        clock.forward(minutes=1)
        climb(ann.clinic, ("sms",))
    told = [((row.at - began) // timedelta(minutes=1), row.detail["rung"]) for row in events(ann.clinic, flag_id)]
    assert sorted(set(told)) == [(0, 0), (5, 1), (10, 2), (15, 3), (30, 4), (45, 5)]
    who = {
        rung: {e.detail["clinician_id"] for e in events(ann.clinic, flag_id) if e.detail["rung"] == rung}
        for _, rung in told
    }
    assert who[0] == who[1] == {str(ben.id)}
    assert who[2] == {str(lead.id)}
    assert who[4] == {str(ben.id), str(lead.id)}


def test_a_page_names_the_clinic_the_tier_and_a_code_and_nobody(ann: PatientPersona, ben: Persona) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    [(_, body)] = texts(ann.clinic)
    code = page_code(flag_id)
    assert body == (
        f"Harbour Clinic: emergency flag {code} waits for you. Reply {code} to take it, or open the worklist."
    )


def test_a_rung_whose_page_has_not_left_yet_is_in_the_story_all_the_same(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    clock.forward(minutes=5)
    climb(ann.clinic, ("sms",))
    told = [(event.detail["rung"], event.detail.get("waits", False)) for event in events(ann.clinic, flag_id)]
    assert told == [(0, False), (1, True)]
    assert len(texts(ann.clinic)) == 1, "one page that waits is enough"


def test_nothing_is_told_any_more_once_somebody_has_it(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, flag_id, None), clock.now)
    assert flag_of(ann.clinic, flag_id).next_rung_at is None
    clock.forward(hours=5)
    assert climb(ann.clinic) == 1
    assert climb(ann.clinic) == 0
    assert len(texts(ann.clinic)) == 1


def test_two_tickers_tell_a_rung_once(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    call(ann, finding(Tier.EMERGENCY))
    sent(ann.clinic)
    clock.forward(minutes=5)
    assert [climb(ann.clinic, holder=f"tests:{n}:0") for n in range(3)] == [1, 0, 0]
    assert len(texts(ann.clinic)) == 2


def test_after_an_outage_every_rung_that_was_missed_is_told_at_once_each_person_once(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    sent(ann.clinic)
    clock.forward(hours=2)
    assert climb(ann.clinic, ("sms",)) == 1
    assert len(texts(ann.clinic)) == 2
    row = flag_of(ann.clinic, flag_id)
    assert (row.next_rung, row.next_rung_at) == (5, clock.now + timedelta(minutes=15))


def test_while_a_page_waits_for_the_carrier_no_second_one_is_laid_beside_it(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    call(ann, finding(Tier.EMERGENCY))
    for _ in range(8):
        clock.forward(minutes=15)
        climb(ann.clinic, ("sms",))
    assert len(texts(ann.clinic)) == 1


def test_a_rung_without_phones_falls_back_on_who_is_paged_and_without_any_says_so(
    ann: PatientPersona, clock: ClockHand
) -> None:
    nurse = make_clinician(ann.clinic, "nurse")
    flag_id = call(ann, finding(Tier.EMERGENCY))
    assert texts(ann.clinic) == []
    assert len(events(ann.clinic, flag_id, "nobody_told")) == 1
    with ann.clinic.open() as scope:
        sealed = scope.seal("clinician.phone", nurse.id, "+12125550133")
        scope.connection.execute(update(tables.clinician).values(phone_sealed=sealed, is_paged=True))
    clock.forward(minutes=5)
    climb(ann.clinic, ("sms",))
    assert [who for who, _ in texts(ann.clinic)] == [nurse.id]


def test_the_others_of_one_answer_are_told_with_the_first_and_go_on_from_the_second_rung(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    call(ann, finding(Tier.EMERGENCY), finding(Tier.URGENT, family="worsening"))
    assert len(texts(ann.clinic)) == 1
    with ann.clinic.open() as scope:
        rows = scope.connection.execute(select(tables.flag.c.tier, tables.flag.c.next_rung, tables.flag.c.next_rung_at))
        standing = {row.tier: (row.next_rung, row.next_rung_at) for row in rows}
    assert standing == {
        "emergency": (1, clock.now + timedelta(minutes=5)), "urgent": (1, clock.now + timedelta(minutes=15)),
    }  # fmt: skip


# flags that live


def test_two_points_more_raise_a_flag_and_page_again_and_it_keeps_its_place_in_the_worklist(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    flag_id, began = call(ann, finding(Tier.URGENT, pain=6)), clock.now
    sent(ann.clinic)
    clock.forward(minutes=5)
    call(ann, finding(Tier.URGENT, pain=7))
    assert (len(texts(ann.clinic)), flag_of(ann.clinic, flag_id).waiting_since) == (1, began)
    clock.forward(minutes=5)
    call(ann, finding(Tier.URGENT, pain=8))
    row = flag_of(ann.clinic, flag_id)
    assert (row.opened_at, row.waiting_since, row.told_pain) == (began, began, 8)
    assert len(texts(ann.clinic)) == 2
    assert len(events(ann.clinic, flag_id, "raised")) == 1
    assert (row.next_rung, row.next_rung_at) == (1, began + timedelta(minutes=15)), "and the next rung comes no later"


def test_two_points_more_bring_a_taken_flag_back(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    flag_id = call(ann, finding(Tier.TODAY, pain=5, family="worsening"))
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, flag_id, None), clock.now)
    call(ann, finding(Tier.TODAY, pain=6, family="worsening"))
    assert flag_of(ann.clinic, flag_id).status == "acknowledged"
    call(ann, finding(Tier.TODAY, pain=7, family="worsening"))
    row = flag_of(ann.clinic, flag_id)
    assert (row.status, row.next_rung, row.climb) == ("open", 0, 2)


def test_a_flag_that_rises_is_told_again_to_everybody_who_knew_of_it(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    doctor = make_clinician(ann.clinic, "clinician", phone="+12125550134")
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.clinician).values(is_paged=tables.clinician.c.id == ben.id))
    flag_id = call(ann, finding(Tier.URGENT))
    sent(ann.clinic)
    clock.forward(minutes=16)
    climb(ann.clinic, ("sms",))
    sent(ann.clinic)
    before = len(texts(ann.clinic))
    call(ann, finding(Tier.EMERGENCY))
    assert {who for who, _ in texts(ann.clinic)[before:]} == {ben.id, doctor.id}
    row = flag_of(ann.clinic, flag_id)
    assert (row.tier, row.next_rung) == ("emergency", 2)
    assert row.next_rung_at <= clock.now + timedelta(minutes=5)


def test_who_could_not_be_reached_climbs_on_from_the_second_rung(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    flag_id = call(ann, finding(Tier.URGENT))
    sent(ann.clinic)
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, flag_id, None), clock.now)
        resolve_flag(scope, Deed(ben.id, flag_id, None), "could_not_reach", "no answer", clock.now)
    assert len(texts(ann.clinic)) == 1
    clock.forward(minutes=15)
    climb(ann.clinic, ("sms",))
    assert len(texts(ann.clinic)) == 2
    assert page_code(flag_id, 2) in texts(ann.clinic)[1][1]


def test_a_flag_opened_again_is_on_its_ladder(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    with ann.clinic.open() as scope:
        resolve_flag(scope, Deed(ben.id, flag_id, None), "advised", "spoke", clock.now)
        reopen_flag(scope, Deed(ben.id, flag_id, None), "worse", clock.now)
    assert flag_of(ann.clinic, flag_id).next_rung_at == clock.now + timedelta(minutes=5)


def test_when_the_time_that_a_flag_was_put_off_for_is_over_people_are_paged_again(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    flag_id = call(ann, finding(Tier.URGENT))
    sent(ann.clinic)
    with ann.clinic.open() as scope:
        snooze_flag(scope, Deed(ben.id, flag_id, None), clock.now + timedelta(hours=3), "in surgery", clock.now)
    clock.forward(hours=3)
    with ann.clinic.app.app_context():
        assert wake_flags(ann.clinic.wiring.vaults, clock.now) == 1
    climb(ann.clinic, ("sms",))
    assert len(texts(ann.clinic)) == 2
    assert flag_of(ann.clinic, flag_id).waiting_since == clock.now


def test_a_colleague_who_is_handed_an_urgent_flag_is_paged(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    colleague = make_clinician(ann.clinic, "nurse", phone="+12125550135")
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.clinician).values(is_paged=tables.clinician.c.id == ben.id))
    flag_id = call(ann, finding(Tier.URGENT))
    with ann.clinic.open() as scope:
        assign_flag(scope, Deed(ben.id, flag_id, None), colleague.id, clock.now)
    assert texts(ann.clinic)[-1][0] == colleague.id
    assert "is now with you" in texts(ann.clinic)[-1][1]


@pytest.fixture
def given(ann: PatientPersona, ben: Persona, clock: ClockHand) -> tuple[UUID, Persona]:
    """An emergency that Ben gave to a colleague, and who that is."""
    colleague = make_clinician(ann.clinic, "nurse", phone="+12125550135")
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.clinician).values(is_paged=tables.clinician.c.id == ben.id))
    flag_id = call(ann, finding(Tier.EMERGENCY))
    sent(ann.clinic)
    with ann.clinic.open() as scope:
        assign_flag(scope, Deed(ben.id, flag_id, None), colleague.id, clock.now)
    return flag_id, colleague


def test_a_grave_flag_that_was_given_to_somebody_who_does_not_take_it_calls_everybody_again(
    ann: PatientPersona, ben: Persona, clock: ClockHand, given: tuple[UUID, Persona]
) -> None:
    flag_id, colleague = given
    row = flag_of(ann.clinic, flag_id)
    assert (row.status, row.owner_id) == ("acknowledged", colleague.id)
    assert watch(ann.clinic) == 0
    sent(ann.clinic)
    clock.forward(minutes=4)
    climb(ann.clinic, ("sms",))
    assert flag_of(ann.clinic, flag_id).status == "acknowledged"
    clock.forward(minutes=1)
    for _ in range(2):
        climb(ann.clinic, ("sms",))
    row = flag_of(ann.clinic, flag_id)
    assert (row.status, row.owner_id, row.climb, row.next_rung) == ("open", None, 2, 1)
    assert texts(ann.clinic)[-1][0] == ben.id
    assert page_code(flag_id, 2) in texts(ann.clinic)[-1][1]


@pytest.mark.parametrize("by", ["code", "worklist"])
def test_who_was_given_a_grave_flag_takes_it_as_any_other(
    ann: PatientPersona, clock: ClockHand, given: tuple[UUID, Persona], by: str
) -> None:
    flag_id, colleague = given
    if by == "code":
        assert "is yours now" in from_phone(ann.clinic, "+12125550135", page_code(flag_id)).bodies[0]
    else:
        with ann.clinic.open() as scope:
            acknowledge_flag(scope, Deed(colleague.id, flag_id, None), clock.now)
    row = flag_of(ann.clinic, flag_id)
    assert (row.status, row.owner_id, row.next_rung_at) == ("acknowledged", colleague.id, None)
    clock.forward(hours=1)
    climb(ann.clinic, ("sms",))
    assert flag_of(ann.clinic, flag_id).status == "acknowledged"


def test_a_given_flag_whose_place_in_the_queue_was_lost_gets_it_back(
    ann: PatientPersona, clock: ClockHand, given: tuple[UUID, Persona]
) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(delete(tables.due_work).where(_RUNGS))
    assert (watch(ann.clinic), watch(ann.clinic)) == (1, 0)
    clock.forward(minutes=5)
    climb(ann.clinic, ("sms",))
    assert flag_of(ann.clinic, given[0]).status == "open"


@pytest.mark.parametrize(
    ("hour", "tier", "waits_until"),
    [(15, Tier.URGENT, 15), (2, Tier.EMERGENCY, 2), (2, Tier.URGENT, 14), (13, Tier.TODAY, 14)],
)
def test_the_patient_is_told_once_that_a_nurse_has_read_the_report_and_not_at_night(
    ann: PatientPersona, ben: Persona, clock: ClockHand, hour: int, tier: Tier, waits_until: int
) -> None:
    clock.set(clock.now.replace(hour=hour))
    symptom = {Tier.EMERGENCY: "breathing", Tier.URGENT: "fever", Tier.TODAY: "fever"}[tier]
    record(ann, 3, symptoms=(symptom,))
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.flag).values(tier=tier))
        flag_id = scope.connection.execute(select(tables.flag.c.id)).scalar_one()
        acknowledge_flag(scope, Deed(ben.id, flag_id, None), clock.now)
        assign_flag(scope, Deed(ben.id, flag_id, None), ben.id, clock.now)
    message = tables.message
    with ann.clinic.open() as scope:
        row = scope.connection.execute(select(message).where(message.c.text_key == "report_read")).one()
    assert row.due_at == max(clock.now.replace(hour=waits_until), clock.now + TO_TAKE_BACK)
    listed = ann.get("/me/messages").json["items"]
    assert any("has read your report" in str(one) for one in listed)


@pytest.mark.parametrize(
    ("at", "leaves", "until"),
    [(15, timedelta(0), 25), (24, timedelta(0), 25), (24 + 50 / 60, timedelta(hours=13, minutes=10), 49)],
    ids=["10:00", "19:00", "19:50"],
)
def test_the_text_that_a_report_was_read_runs_out_with_the_hours_for_texts(
    ann: PatientPersona, ben: Persona, clock: ClockHand, at: float, leaves: timedelta, until: int
) -> None:
    record(ann, 3, symptoms=("fever",))
    midnight = clock.now.replace(hour=0, minute=0)
    clock.set(midnight + timedelta(hours=at))
    with ann.clinic.open() as scope:
        flag_id = scope.connection.execute(select(tables.flag.c.id)).scalar_one()
        acknowledge_flag(scope, Deed(ben.id, flag_id, None), clock.now)
        scope.flush()
        text = tables.message
        row = scope.connection.execute(select(text).where(text.c.text_key == "report_read")).one()
    assert (row.due_at, row.expires_at) == (clock.now + max(leaves, TO_TAKE_BACK), midnight + timedelta(hours=until))


@pytest.mark.parametrize("has_left", [False, True])
def test_what_is_taken_back_is_not_told_to_the_patient_unless_the_text_has_left(
    ann: PatientPersona, ben: Persona, clock: ClockHand, has_left: bool
) -> None:
    record(ann, 3, symptoms=("fever",))
    text = tables.message
    with ann.clinic.open() as scope:
        deed = Deed(ben.id, scope.connection.execute(select(tables.flag.c.id)).scalar_one(), None)
        acknowledge_flag(scope, deed, clock.now)
    if has_left:
        sent(ann.clinic)
    clock.forward(seconds=9)
    with ann.clinic.open() as scope:
        release_flag(scope, deed, clock.now)
        acknowledge_flag(scope, deed, clock.now)
    with ann.clinic.open() as scope:
        rows = scope.connection.execute(select(text).where(text.c.text_key == "report_read").order_by(text.c.id)).all()
    assert [row.state for row in rows] == (["accepted"] if has_left else ["suppressed", "planned"])
    assert rows[-1].due_at >= rows[-1].created_at + TO_TAKE_BACK


@pytest.mark.parametrize(("tier", "left"), [(Tier.EMERGENCY, True), (Tier.URGENT, False)])
def test_at_night_only_after_an_emergency_does_the_carrier_get_the_text_that_a_report_was_read(
    outbox: Outbox, ben: Persona, tier: Tier, left: bool
) -> None:
    outbox.clock.set(outbox.clock.now.replace(hour=7))  # two at night in New York
    record(outbox.patient, 3, symptoms=("breathing" if left else "fever",))
    with outbox.clinic.open() as scope:
        flag_id = scope.connection.execute(select(tables.flag.c.id)).scalar_one()
        acknowledge_flag(scope, Deed(ben.id, flag_id, None), outbox.clock.now)
    outbox.clock.forward(seconds=12)
    outbox.work("alert")
    outbox.work("bulk")
    assert (outbox.patient.phone in {text.to for text in outbox.carrier.offered}) is left


@pytest.mark.parametrize(
    ("outcome", "told"),
    [("false_alarm", 1), ("could_not_reach", 1), ("other", 1), ("snoozed", 1), ("advised", 0)],
)
def test_the_patient_is_told_by_whatever_shows_that_a_report_was_read_unless_somebody_spoke_with_them(
    ann: PatientPersona, ben: Persona, clock: ClockHand, outcome: str, told: int
) -> None:
    record(ann, 3, symptoms=("fever",))
    with ann.clinic.open() as scope:
        deed = Deed(ben.id, scope.connection.execute(select(tables.flag.c.id)).scalar_one(), None)
        if outcome == "snoozed":
            snooze_flag(scope, deed, clock.now + timedelta(hours=1), "in surgery", clock.now)
        else:
            resolve_flag(scope, deed, outcome, "read", clock.now)
        if outcome in ("snoozed", "could_not_reach"):
            resolve_flag(scope, deed, "other", "done", clock.now)  # nobody is told twice
        scope.flush()
        text = tables.message
        rows = scope.connection.execute(select(text).where(text.c.text_key == "report_read")).all()
    assert len(rows) == told


# a page answered by its code


def from_phone(clinic: BuiltClinic, number: str, body: str) -> Any:
    return Phone(clinic, number).text(body)


def test_a_reply_with_the_code_takes_the_flag(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    outcome = from_phone(ann.clinic, "+12125550130", f"A {page_code(flag_id)}")
    row = flag_of(ann.clinic, flag_id)
    assert (row.status, row.owner_id) == ("acknowledged", ben.id)
    assert (outcome.disposition, outcome.message.needs_person, outcome.message.clinician_id) == (
        "page_answered", False, ben.id,
    )  # fmt: skip
    assert "is yours now" in outcome.bodies[0]


def test_the_code_of_an_earlier_call_takes_nothing(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    flag_id = call(ann, finding(Tier.URGENT))
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, flag_id, None), clock.now)
    call(ann, finding(Tier.EMERGENCY))
    outcome = from_phone(ann.clinic, "+12125550130", page_code(flag_id))
    assert flag_of(ann.clinic, flag_id).status == "open"
    assert "waits for you" in outcome.bodies[0]
    from_phone(ann.clinic, "+12125550130", page_code(flag_id, 2))
    assert flag_of(ann.clinic, flag_id).status == "acknowledged"


def test_a_reply_to_the_calmer_page_does_not_take_what_became_an_emergency(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    flag_id = call(ann, finding(Tier.URGENT))
    sent(ann.clinic)
    call(ann, finding(Tier.EMERGENCY))
    assert "waits for you" in from_phone(ann.clinic, "+12125550130", page_code(flag_id)).bodies[0]
    assert flag_of(ann.clinic, flag_id).status == "open"
    assert page_code(flag_id, 2) in texts(ann.clinic)[1][1], "its own page is on its way"
    from_phone(ann.clinic, "+12125550130", page_code(flag_id, 2))
    assert flag_of(ann.clinic, flag_id).status == "acknowledged"


def test_a_flag_that_was_closed_is_not_taken_by_its_code(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    with ann.clinic.open() as scope:
        resolve_flag(scope, Deed(ben.id, flag_id, None), "advised", "spoke", clock.now)
    assert "waits for you" in from_phone(ann.clinic, "+12125550130", page_code(flag_id)).bodies[0]
    assert flag_of(ann.clinic, flag_id).status == "resolved"
    assert call(ann, finding(Tier.EMERGENCY)) != flag_id, "and what comes right after it is a flag of its own"


def test_a_duty_of_somebody_who_has_left_is_no_hole_in_the_ladder(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    gone, there = (make_clinician(ann.clinic, "nurse", phone=f"+121255501{number}") for number in (38, 39))
    now = clock.now
    with ann.clinic.open() as scope:
        scope.connection.execute(
            insert(tables.duty).values(
                clinic_id=ann.clinic.id, id=new_id(), clinician_id=gone.id, duty="nurse", weekday=now.weekday(),
                starts=time(0), ends=time(0), created_at=now,
            )
        )  # fmt: skip
        scope.connection.execute(
            update(tables.clinician).where(tables.clinician.c.id.in_([ben.id, gone.id])).values(disabled_at=now)
        )
    flag_id = call(ann, finding(Tier.EMERGENCY))
    assert [who for who, _ in texts(ann.clinic)] == [there.id], "whoever is paged is told in their place"
    assert events(ann.clinic, flag_id, "nobody_told") == []
    from_phone(ann.clinic, "+12125550138", page_code(flag_id))
    assert flag_of(ann.clinic, flag_id).status == "open", "and who has left takes nothing"


def test_a_flag_opened_again_after_its_last_rung_climbs_from_the_second_one(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    clock.forward(minutes=50)
    climb(ann.clinic, ("sms",))
    assert flag_of(ann.clinic, flag_id).next_rung >= 5
    with ann.clinic.open() as scope:
        resolve_flag(scope, Deed(ben.id, flag_id, None), "advised", "spoke", clock.now)
        reopen_flag(scope, Deed(ben.id, flag_id, None), "worse again", clock.now)
    row = flag_of(ann.clinic, flag_id)
    assert (row.status, row.next_rung, row.next_rung_at) == ("open", 1, clock.now + timedelta(minutes=5))
    call(ann, finding(Tier.EMERGENCY, rule="another"))
    assert flag_of(ann.clinic, flag_id).next_rung_at <= row.next_rung_at, "and more of it comes no later"


def test_only_who_was_paged_can_take_a_flag_by_its_code(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    make_clinician(ann.clinic, "nurse", phone="+12125550136")
    code = page_code(flag_id)
    assert from_phone(ann.clinic, "+12125550136", code).disposition == "page_answered"
    assert from_phone(ann.clinic, "+12125550137", code).disposition == "unknown_sender"
    assert from_phone(ann.clinic, ann.phone, code).disposition not in ("page_answered", "unknown_sender")
    assert flag_of(ann.clinic, flag_id).status == "open"


def test_a_phone_that_is_handed_on_with_the_duty_takes_the_flag_for_who_was_paged(ann: PatientPersona) -> None:
    pair = [make_clinician(ann.clinic, "nurse", phone="+12125550135") for _ in range(2)]
    clinician, owners = tables.clinician, []
    for family, on_duty in zip(FAMILIES, pair, strict=False):
        with ann.clinic.open() as scope:
            scope.connection.execute(update(clinician).values(is_paged=clinician.c.id == on_duty.id))
        flag_id = call(ann, finding(Tier.EMERGENCY, family=family))
        assert "is yours now" in from_phone(ann.clinic, "+12125550135", page_code(flag_id)).bodies[0]
        owners.append(flag_of(ann.clinic, flag_id).owner_id)
    assert owners == [one.id for one in pair]


def test_a_colleagues_phone_that_cannot_be_read_keeps_nobody_from_taking_a_flag(
    ann: PatientPersona, ben: Persona
) -> None:
    make_clinician(ann.clinic, "nurse", phone="+12125550135")
    flag_id = call(ann, finding(Tier.EMERGENCY))
    clinician = tables.clinician
    with ann.clinic.open() as scope:
        scope.connection.execute(update(clinician).where(clinician.c.id != ben.id).values(phone_sealed=b"broken"))
        scope.connection.execute(update(clinician).where(clinician.c.id == ben.id).values(is_paged=True))  # read last
    assert "is yours now" in from_phone(ann.clinic, "+12125550130", page_code(flag_id)).bodies[0]


def test_who_sees_no_patients_takes_nothing_by_a_code(ann: PatientPersona, ben: Persona) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    with ann.clinic.open() as scope:
        scope.connection.execute(
            update(tables.clinician).where(tables.clinician.c.id == ben.id).values(role="operator")
        )
    assert from_phone(ann.clinic, "+12125550130", page_code(flag_id)).disposition == "unknown_sender"
    assert flag_of(ann.clinic, flag_id).status == "open"


@pytest.mark.parametrize("body", ["my legs feel weak", "48 21", "12345", "flag", ""])
def test_other_words_from_a_clinicians_phone_are_read_as_anybodys(ann: PatientPersona, ben: Persona, body: str) -> None:
    assert from_phone(ann.clinic, "+12125550130", body).disposition == "unknown_sender"


# nothing is left alone, and no schedule of mishaps matters


def watch(clinic: BuiltClinic) -> int:
    with clinic.app.app_context():
        return watch_coverage(clinic.wiring.vaults, clinic.wiring.clock.now())


def follow(clinic: BuiltClinic) -> int:
    with clinic.app.app_context():
        return follow_clock(clinic.wiring.vaults, clinic.wiring.clock.now())


LATEST = {Tier.EMERGENCY: timedelta(minutes=15), Tier.URGENT: timedelta(minutes=30)}


@dataclass
class Backstage:
    """The one connection of a test, entered without the product: a schedule looks and meddles dozens of times."""

    database: Connection
    clinic: BuiltClinic

    def run(self, statement: Executable) -> CursorResult[Any]:
        """One statement inside the clinic, whatever the product entered last."""
        self.database.execute(_ENTER, {"clinic": str(self.clinic.id)})
        return self.database.execute(statement)

    def told(self, flag_id: UUID) -> list[int]:
        """The rungs that were told, in their order."""
        event = tables.flag_event
        mine = select(event.c.detail["rung"].as_integer()).where(event.c.flag_id == flag_id, event.c.kind == "paged")
        return list(self.run(mine.order_by(event.c.id)).scalars())


_ENTER = text("SELECT set_config('app.clinic', :clinic, true)")
_RUNGS = tables.due_work.c.kind == "rung"
MISHAPS = ("none", "none", "lost_work", "back", "ahead", "frozen", "carrier")


def mishap_of(behind: Backstage, clock: ClockHand, real: RealTime, rng: random.Random) -> str:
    """What goes wrong in one round."""
    mishap = rng.choice(MISHAPS)
    match mishap:
        case "back" | "ahead":
            clock.forward(hours=-1 if mishap == "back" else 48)
        case "lost_work":
            behind.run(delete(tables.due_work).where(_RUNGS))
        case "frozen":
            held = {"held_until": real.now + timedelta(seconds=60), "holder": "frozen:1:1"}
            behind.run(update(tables.due_work).where(_RUNGS).values(held))
            real.forward(seconds=61)
    if mishap != "carrier":
        behind.run(update(tables.message).values(state="accepted"))
    return mishap


def run_schedule(behind: Backstage, ann: PatientPersona, clock: ClockHand, real: RealTime, rng: random.Random) -> None:
    """Minutes in which tickers come, come twice or not at all, work is lost, the clock turns, and texts stay here.

    The watch over everything comes where it has something to mend, and else now and then, as it costs the most.
    """
    tier = rng.choice([Tier.EMERGENCY, Tier.URGENT])
    flag_id = call(ann, finding(tier))
    follow(ann.clinic)
    waited = lost = told_before = 0
    told: list[int] = []
    for _ in range(8):
        minutes = rng.choice([1, 4, 16])
        clock.forward(minutes=minutes)
        real.forward(minutes=minutes)
        mishap = mishap_of(behind, clock, real, rng)
        if mishap == "lost_work" or rng.random() < 0.1:
            watch(ann.clinic)
        else:
            follow(ann.clinic)
        for _ in range(rng.randint(1, 2)):
            climb(ann.clinic, ("sms",))
        row = behind.run(select(tables.flag).where(tables.flag.c.id == flag_id)).one()
        assert row.next_rung >= 1
        assert clock.now < row.next_rung_at <= clock.now + LATEST[tier], (mishap, row.next_rung)
        told = behind.told(flag_id)
        waited, lost = waited + minutes, lost + (minutes if mishap == "back" else 0)
        if len(set(told)) > told_before:
            waited, lost, told_before = 0, 0, len(set(told))
        left = ladder_wait(row) - timedelta(minutes=waited - lost)
        assert row.next_rung_at - clock.now <= left, "a clock put back costs what passed since the last look alone"
    assert told == sorted(told)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(0, 10_000, 2_500))
def test_a_grave_flag_stands_on_its_next_rung_in_policy_time_whatever_becomes_of_tickers_clocks_and_carrier(
    database: Connection,
    ann: PatientPersona,
    ben: Persona,
    clock: ClockHand,
    real: RealTime,
    samples: Callable[[int, int], int],
    first: int,
) -> None:
    began = real.now
    for seed in range(first, first + samples(1, 2_500)):
        real.now = began
        clock.set(NOW)
        with undone(database):
            run_schedule(Backstage(database, ann.clinic), ann, clock, real, random.Random(seed))


RANKS = {tier: tier.rank for tier in Tier}
TEXTS = (
    "3", "9", "10", "ok", "thanks", "STOP", "START", "HELP", "CALL", "wrong number", "my legs feel weak", "fever",
    "she died", "N", "no", "1", "2", "i am fine now, ignore that", "cancel", "pain gone", "0", "A", "4821", "?",
)  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize("first", range(0, 10_000, 2_500))
def test_no_text_app_report_or_callback_ever_closes_lowers_or_delays_a_flag(
    database: Connection,
    ann: PatientPersona,
    ben: Persona,
    clock: ClockHand,
    samples: Callable[[int, int], int],
    first: int,
) -> None:
    for seed in range(first, first + samples(1, 2_500)):
        clock.set(NOW)
        with undone(database):
            live_through_a_history(ann, clock, random.Random(seed))


def live_through_a_history(ann: PatientPersona, clock: ClockHand, rng: random.Random) -> None:
    """A flag, and then texts, reports and callbacks of any kind; none of them does it any harm."""
    call(ann, finding(rng.choice(list(Tier)), family=rng.choice(FAMILIES)))
    after = {row.id: row for row in Phone(ann.clinic, ann.phone).rows("flag")}
    for _ in range(rng.randint(2, 8)):
        before = after
        clock.forward(minutes=rng.choice([0, 1, 30]))
        _something_arrives(ann, rng)
        after = {row.id: row for row in Phone(ann.clinic, ann.phone).rows("flag")}
        assert before.keys() <= after.keys()
        for row in after.values():
            _check_monotone(before.get(row.id), row, clock.now)


def _something_arrives(ann: PatientPersona, rng: random.Random) -> None:
    match rng.choice(["text", "text", "app", "callback"]):
        case "text":
            Phone(ann.clinic, rng.choice([ann.phone, "+12125550189", "+12125550130"])).send(rng.choice(TEXTS))
        case "app":
            symptoms = rng.choice([(), ("fever",), ("breathing",)])
            record(ann, rng.randint(0, 10), symptoms=symptoms)
        case _:
            with ann.clinic.open() as scope:
                scope.connection.execute(update(tables.message).values(state=rng.choice(["delivered", "failed"])))


def _check_monotone(before: Any, after: Any, now: datetime) -> None:
    if before is None or before.status == "resolved":
        return
    assert after.status != "resolved"
    assert RANKS[Tier(after.tier)] <= RANKS[Tier(before.tier)]
    assert after.status == before.status or after.status == "open"
    if before.status == "open":
        assert after.next_rung_at <= max(before.next_rung_at, now + ladder_wait(after)), "no rung comes later"
        assert after.respond_by <= before.respond_by
        place = (RANKS[Tier(after.tier)], after.waiting_since)
        assert place <= (RANKS[Tier(before.tier)], before.waiting_since), "nobody falls behind on the worklist"


def ladder_wait(row: Any) -> timedelta:
    """The wait before the next rung, where the one before it was told just now."""
    return ladder_pack().tiers[Tier(row.tier)].wait_before(row.next_rung) if row.next_rung else timedelta()


# pages that have not left yet, and addresses that cannot be read


def waiting_pages(clinic: BuiltClinic) -> list[str]:
    """What the pages say that will still leave."""
    message, work = tables.message, tables.due_work
    with clinic.open() as scope:
        chosen = select(message).where(message.c.purpose == "page", message.c.state == "planned")
        queued = set(scope.connection.execute(select(work.c.row_id)).scalars())
        rows = scope.connection.execute(chosen.order_by(message.c.id)).all()
        return [scope.vault.open("message.body", row.id, row.body_sealed) for row in rows if row.id in queued]


def test_a_page_that_waits_makes_way_for_one_of_a_graver_tier(ann: PatientPersona, ben: Persona) -> None:
    call(ann, finding(Tier.URGENT))
    call(ann, finding(Tier.EMERGENCY))
    [page] = waiting_pages(ann.clinic)
    assert "emergency flag" in page
    assert len(texts(ann.clinic)) == 2


def test_a_page_that_waits_makes_way_for_one_of_a_later_climb(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, flag_id, None), clock.now)
    call(ann, finding(Tier.EMERGENCY, rule="another"))
    [page] = waiting_pages(ann.clinic)
    assert page_code(flag_id, 2) in page


def test_who_takes_a_flag_withdraws_the_pages_that_wait(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    assert len(waiting_pages(ann.clinic)) == 1
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, flag_id, None), clock.now)
    assert waiting_pages(ann.clinic) == []


def test_one_address_that_cannot_be_read_keeps_nobody_else_from_being_told(
    ann: PatientPersona, ben: Persona, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = make_clinician(ann.clinic, "nurse", phone="+12125550136")
    with ann.clinic.open() as scope:
        clinician = tables.clinician
        scope.connection.execute(
            update(clinician).where(clinician.c.id == broken.id).values(phone_sealed=b"no seal", email_sealed=b"none")
        )
    outcome = Phone(ann.clinic, ann.phone).text("my legs feel weak since last night")
    assert outcome.answer == "emergency"
    assert [who for who, _ in texts(ann.clinic)] == [ben.id]
    said = capsys.readouterr().out
    assert said.count("clinician.address_unreadable") == 2
    assert str(broken.id) in said

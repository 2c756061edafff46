"""What the product notices about itself: things left alone, a silent line, pages by mail, and the heartbeat."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update

from recovery_api.domain.tiers import Tier
from recovery_api.gateways.page_channel import NotNow, OutboundPage, PageOutcome, Refused, Taken
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, acknowledge_flag, snooze_flag
from recovery_api.services.beat import beat
from recovery_api.services.check_readiness import SEEN_WITHIN
from recovery_api.services.follow_clock import follow_clock
from recovery_api.services.keep_watch import keep_watch, read_watches
from recovery_api.services.send_heartbeat import send_heartbeat_if_well, why_silent
from recovery_api.services.tell_pages import Channels, tell_pages
from recovery_api.services.watch_coverage import watch_coverage
from recovery_api.services.watch_replies import watch_replies
from tests.builders import NOW, BuiltClinic, ClockHand, PatientPersona, Persona, make_patient, record
from tests.services.phone import Phone
from tests.services.scripted_carrier import RealTime
from tests.services.test_climb_ladder import call, climb, events, finding, flag_of, sent

pytestmark = pytest.mark.usefixtures("real")


def look(clinic: BuiltClinic) -> int:
    with clinic.app.app_context():
        return watch_coverage(clinic.wiring.vaults, clinic.wiring.clock.now())


def counts(clinic: BuiltClinic) -> dict[str, int]:
    with clinic.open() as scope:
        [found] = [one for one in read_watches(scope.connection, clinic.id) if one.kind == "coverage"]
    return dict(found.counts)


# coverage


def test_where_everything_is_looked_after_nothing_is_found(ann: PatientPersona, ben: Persona) -> None:
    call(ann, finding(Tier.URGENT))
    assert look(ann.clinic) == 0
    assert set(counts(ann.clinic).values()) == {0}


def test_a_recovery_whose_texts_were_lost_is_found_and_planned_anew(ann: PatientPersona, ben: Persona) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(delete(tables.due_work))
        scope.connection.execute(update(tables.reminder).values(state="skipped"))
    assert look(ann.clinic) == 1
    assert counts(ann.clinic)["episodes"] == 1
    with ann.clinic.open() as scope:
        tiers = scope.connection.execute(select(tables.flag.c.rule, tables.flag.c.episode_id)).all()
    assert [(row.rule, row.episode_id) for row in tiers] == [("no_plan", ann.episode_id)], "nothing new can be planned"
    look(ann.clinic)
    with ann.clinic.open() as scope:
        assert scope.connection.execute(select(tables.flag.c.repeats)).scalar_one() == 0, "and it is flagged once"


@pytest.mark.parametrize("lost", ["rung", "queue"])
def test_a_flag_that_lost_its_place_is_back_on_its_ladder_within_a_look(
    ann: PatientPersona, ben: Persona, clock: ClockHand, lost: str
) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    with ann.clinic.open() as scope:
        if lost == "rung":
            scope.connection.execute(update(tables.flag).values(next_rung=None, next_rung_at=None))
        scope.connection.execute(delete(tables.due_work).where(tables.due_work.c.kind == "rung"))
    assert (look(ann.clinic), look(ann.clinic)) == (1, 0)
    sent(ann.clinic)
    clock.forward(minutes=5)
    assert climb(ann.clinic, ("sms",)) == 1
    assert len(events(ann.clinic, flag_id)) == 2


@pytest.mark.parametrize("change", [{"disabled_at": NOW}, {"role": "operator"}], ids=["left", "sees no patients"])
def test_a_flag_whose_owner_has_left_calls_again(
    ann: PatientPersona, ben: Persona, clock: ClockHand, change: dict[str, Any]
) -> None:
    flag_id = call(ann, finding(Tier.URGENT))
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, flag_id, None), clock.now)
    assert look(ann.clinic) == 0
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.clinician).values(is_paged=False, **change))
    assert look(ann.clinic) == 2, "the flag, and that nobody is left to be told"
    row = flag_of(ann.clinic, flag_id)
    assert (row.status, row.owner_id, row.next_rung_at) == ("open", None, clock.now)


def test_a_flag_that_sleeps_past_its_day_since_the_clock_was_put_back_calls_again(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    flag_id = call(ann, finding(Tier.URGENT))
    with ann.clinic.open() as scope:
        until = clock.now + timedelta(hours=20)
        snooze_flag(scope, Deed(ben.id, flag_id, None), until, "in surgery", clock.now)
    assert look(ann.clinic) == 0
    clock.forward(days=-3)
    assert look(ann.clinic) == 1
    row = flag_of(ann.clinic, flag_id)
    assert (row.status, row.next_rung_at) == ("open", clock.now)


def test_after_the_clock_was_put_back_a_rung_comes_within_its_wait_whoever_sees_it(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    clock.forward(hours=-1)
    assert look(ann.clinic) == 0
    assert flag_of(ann.clinic, flag_id).next_rung_at == clock.now + timedelta(minutes=5)


def follow(clinic: BuiltClinic) -> int:
    with clinic.app.app_context():
        return follow_clock(clinic.wiring.vaults, clinic.wiring.clock.now())


def test_a_clock_put_back_costs_a_rung_nothing(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    follow(ann.clinic)
    flag_id = call(ann, finding(Tier.EMERGENCY))
    clock.forward(minutes=4)
    assert follow(ann.clinic) == 0
    clock.forward(hours=-1)
    assert follow(ann.clinic) == 1
    assert follow(ann.clinic) == 0
    assert flag_of(ann.clinic, flag_id).next_rung_at == clock.now + timedelta(minutes=1)
    assert look(ann.clinic) == 0, "the watch over everything agrees"
    clock.forward(minutes=1)
    climb(ann.clinic)
    assert flag_of(ann.clinic, flag_id).next_rung == 2


def test_a_page_that_was_due_leaves_at_once_after_the_clock_was_put_back(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    follow(ann.clinic)
    call(ann, finding(Tier.EMERGENCY))
    follow(ann.clinic)
    clock.forward(hours=-1)
    follow(ann.clinic)
    work = tables.due_work
    with ann.clinic.open() as scope:
        due = select(work.c.due_at).where(work.c.kind == "send_alert")
        assert set(scope.connection.execute(due).scalars()) == {clock.now}


def test_the_lower_tiers_keep_the_hour_at_which_the_clinic_opens(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    follow(ann.clinic)
    flag_id = call(ann, finding(Tier.TODAY))
    before = flag_of(ann.clinic, flag_id).next_rung_at
    clock.forward(minutes=-10)
    assert follow(ann.clinic) == 0
    assert flag_of(ann.clinic, flag_id).next_rung_at == before


# total silence


def ask_many(clinic: BuiltClinic, how_many: int, clock: ClockHand) -> list[PatientPersona]:
    people = [make_patient(clinic, phone=f"+121355501{n:02}") for n in range(how_many)]
    for person in people:
        Phone(clinic, person.phone).ask("pain", clock.now.date(), clock.now)
    return people


def listen(clinic: BuiltClinic) -> int:
    with clinic.app.app_context():
        return watch_replies(clinic.wiring.vaults, clinic.wiring.clock.now())


@pytest.mark.parametrize(("asked", "hours", "silent"), [(10, 3, 1), (10, 1, 0), (9, 3, 0)])
def test_where_many_were_asked_and_nobody_answers_the_line_is_flagged(
    clinic: BuiltClinic, ben: Persona, clock: ClockHand, real: RealTime, asked: int, hours: int, silent: int
) -> None:
    ask_many(clinic, asked, clock)
    clock.forward(hours=hours)
    real.forward(hours=hours)
    assert [listen(clinic) for _ in range(2)] == [silent, silent]
    listed = ben.get("/flags").json["items"]
    assert [(one["family"], one["tier"], one["repeats"]) for one in listed] == [("operations", "urgent", 0)] * silent


def four_weeks(clinic: BuiltClinic, person: PatientPersona, now: datetime, answers: int) -> None:
    """Questions of 28 days to one patient, of which so many were answered within the hour."""
    with clinic.open() as scope:
        rows = [
            {
                "clinic_id": clinic.id, "id": new_id(), "direction": direction, "patient_id": person.id,
                "state": "delivered" if direction == "out" else "received", "sender_number": clinic.number,
                "question": "pain" if direction == "out" else None, "phone_digest": b"d", "phone_sealed": b"s",
                "body_sealed": b"s", "created_at": now - timedelta(days=day, hours=hours),
            }
            for day in range(2, 29)
            for direction, hours in (("out", 1), ("in", 0))
            if direction == "out" or day - 2 < answers
        ]  # fmt: skip
        scope.connection.execute(insert(tables.message), rows)


@pytest.mark.parametrize(("asked", "answers", "silent"), [(6, 25, 1), (6, 8, 0), (2, 27, 0)])
def test_a_small_clinic_whose_patients_do_answer_is_silent_with_few(
    clinic: BuiltClinic, ben: Persona, clock: ClockHand, real: RealTime, asked: int, answers: int, silent: int
) -> None:
    for person in ask_many(clinic, asked, clock):
        four_weeks(clinic, person, clock.now, answers)
    clock.forward(hours=3)
    real.forward(hours=3)
    assert listen(clinic) == silent


def test_who_is_asked_once_a_week_is_counted_for_a_week(clinic: BuiltClinic, clock: ClockHand, real: RealTime) -> None:
    for person in ask_many(clinic, 6, clock):
        Phone(clinic, person.phone).ask("pain", clock.now.date(), clock.now)
        clock.forward(hours=23)
        real.forward(hours=23)
    assert listen(clinic) == 0
    last = make_patient(clinic, phone="+12135550190")
    Phone(clinic, last.phone).ask("pain", clock.now.date(), clock.now)
    clock.forward(hours=24)
    real.forward(hours=24)
    assert listen(clinic) == 1


def test_who_answered_in_the_app_or_by_a_link_did_not_leave_a_text_unanswered(
    clinic: BuiltClinic, clock: ClockHand, real: RealTime
) -> None:
    people = ask_many(clinic, 10, clock)
    clock.forward(hours=3)
    real.forward(hours=3)
    assert listen(clinic) == 1
    record(people[0], 3)
    assert listen(clinic) == 0


def test_one_reply_of_anybody_breaks_the_silence(clinic: BuiltClinic, clock: ClockHand, real: RealTime) -> None:
    people = ask_many(clinic, 12, clock)
    clock.forward(hours=3)
    real.forward(hours=3)
    assert listen(clinic) == 1
    Phone(clinic, people[0].phone).send("HELP")
    assert listen(clinic) == 0


# pages by a second channel


class Mailbox:
    """A second channel that plays a script."""

    def __init__(self, *script: PageOutcome) -> None:
        self._script = list(script)
        self.pages: list[OutboundPage] = []

    def page(self, page: OutboundPage) -> PageOutcome:
        self.pages.append(page)
        return self._script.pop(0) if self._script else Taken()


def hand_over(clinic: BuiltClinic, **channels: Any) -> int:
    with clinic.app.app_context():
        parts = clinic.wiring
        wired = Channels(channels, "https://recovery.test/worklist")
        return tell_pages("tests:0:0", parts.vaults, wired, parts.clock.now())


@pytest.fixture
def mailed(ann: PatientPersona, ben: Persona, clock: ClockHand) -> UUID:
    """An emergency that waited for its second rung, which tells by mail too."""
    flag_id = call(ann, finding(Tier.EMERGENCY))
    sent(ann.clinic)
    clock.forward(minutes=5)
    climb(ann.clinic)
    return flag_id


def test_the_second_channel_is_told_and_named_in_the_story_once_it_took_the_page(
    ann: PatientPersona, mailed: UUID
) -> None:
    box = Mailbox()
    assert hand_over(ann.clinic, email=box) == 1
    [page] = box.pages
    assert (page.tier, page.clinic, page.link) == ("emergency", "Harbour Clinic", "https://recovery.test/worklist")
    assert [event.detail["channel"] for event in events(ann.clinic, mailed)] == ["sms", "sms", "email"]
    assert hand_over(ann.clinic, email=box) == 0


def test_a_channel_that_is_away_is_asked_again_and_one_that_refuses_is_not(
    ann: PatientPersona, mailed: UUID, real: RealTime
) -> None:
    box = Mailbox(NotNow("ConnectionRefusedError"), Refused("address"))
    assert hand_over(ann.clinic, email=box) == 1
    assert hand_over(ann.clinic, email=box) == 0
    real.forward(seconds=6)
    assert hand_over(ann.clinic, email=box) == 1
    assert [event.detail["why"] for event in events(ann.clinic, mailed, "page_failed")] == ["address"]
    real.forward(hours=1)
    assert (hand_over(ann.clinic, email=box), len(box.pages)) == (0, 2)


def test_nobody_is_mailed_about_a_flag_that_somebody_took(
    ann: PatientPersona, ben: Persona, mailed: UUID, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, mailed, None), clock.now)
    box = Mailbox()
    assert hand_over(ann.clinic, email=box) == 1
    assert box.pages == []


# the heartbeat and the pages


def everything_beats(app: Flask) -> None:
    with app.app_context():
        for process in SEEN_WITHIN:
            beat(process, "here:1:1")


def test_the_heartbeat_goes_out_after_completed_cycles_and_never_otherwise(clinic: BuiltClinic, real: RealTime) -> None:
    asked: list[str] = []

    def outside(url: str) -> bool:
        asked.append(url)
        return True

    with clinic.app.app_context():
        assert send_heartbeat_if_well("https://monitor.example/1", outside) == 0
    everything_beats(clinic.app)
    look(clinic)
    with clinic.app.app_context():
        assert send_heartbeat_if_well("https://monitor.example/1", outside) == 1
        assert send_heartbeat_if_well("", outside) == 0
    real.forward(minutes=4)
    everything_beats(clinic.app)
    with clinic.app.app_context():
        assert why_silent() == ["coverage"]
    look(clinic)
    with clinic.open() as scope:
        keep_watch(scope.connection, clinic.id, "trial", "after_texted", {})
    with clinic.app.app_context():
        assert why_silent() == ["trial"]
        assert send_heartbeat_if_well("https://monitor.example/1", outside) == 0
    assert asked == ["https://monitor.example/1"]


@pytest.mark.parametrize("stopped", sorted(SEEN_WITHIN))
def test_within_three_minutes_of_any_process_stopping_there_is_no_heartbeat(
    clinic: BuiltClinic, real: RealTime, stopped: str
) -> None:
    everything_beats(clinic.app)
    real.forward(minutes=2)
    look(clinic)
    with clinic.app.app_context():
        for process in set(SEEN_WITHIN) - {stopped}:
            beat(process, "here:1:1")
        assert why_silent() == [stopped]


def test_operators_see_what_the_watches_found(ann: PatientPersona, ben: Persona) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(delete(tables.due_work))
    look(ann.clinic)
    body = ann.client.get("/readyz").json
    assert body["watches"]["coverage"] == {"clinics": 1, "not_well": 1}
    figures = ann.client.get("/metrics").text
    assert 'recovery_unattended{thing="episodes"} 1.0' in figures
    assert 'recovery_watch_not_well{watch="coverage"} 1.0' in figures

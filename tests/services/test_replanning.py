"""Plans that change: only the future moves, what was sent stays, and a hold has an owner and an end."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Row, select, update
from structlog.testing import capture_logs

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.domain.local_time import within_quiet_hours
from recovery_api.models import tables
from recovery_api.packs import load_yaml
from recovery_api.packs.protocol_pack import SHIPPED, protocol_pack, read_from
from recovery_api.services.book_visits import book_visit, change_visit, confirm_visit_by_id
from recovery_api.services.change_episode import EpisodeChanges, change_episode
from recovery_api.services.change_patient import change_patient
from recovery_api.services.change_preferences import Preferences, change_preferences
from recovery_api.services.end_holds import end_holds
from recovery_api.services.end_recoveries import end_recoveries
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.hold_episode import NewHold, hold_episode, lift_hold
from recovery_api.services.keep_synthetic import keep_synthetic
from recovery_api.services.move_protocol import compare_version, move_protocol, publish_protocol
from recovery_api.services.plan_reminders import plan_ahead
from recovery_api.services.read_plan import read_plan
from recovery_api.services.record_audit import SYSTEM, Actor
from recovery_api.services.watch_visits import watch_visits
from tests.builders import NOW, BuiltClinic, ClockHand, PatientPersona, Persona, make_patient, record

ZONES = ("America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "Europe/London", "Pacific/Honolulu")


def rows(clinic: BuiltClinic, table: str) -> list[Row[Any]]:
    with clinic.open() as scope:
        return list(scope.connection.execute(select(getattr(tables, table))).all())


def planned(patient: PatientPersona) -> list[Row[Any]]:
    found = [row for row in rows(patient.clinic, "reminder") if row.state == "planned"]
    return sorted(found, key=lambda row: (row.due_at, row.kind))


def hand_over(patient: PatientPersona, clock: ClockHand, at: datetime) -> None:
    clock.set(at)
    with patient.clinic.app.app_context():
        hand_over_due("tests:0:0", patient.clinic.wiring.vaults, at)


def let_leave(patient: PatientPersona, clock: ClockHand, *moments: datetime) -> None:
    """What is due at each moment is handed over, and arrives."""
    message = tables.message
    for moment in moments:
        hand_over(patient, clock, moment)
        with patient.clinic.open() as scope:
            scope.connection.execute(update(message).where(message.c.state == "planned").values(state="delivered"))


def nurse(ben: Persona) -> Actor:
    return Actor("clinician", ben.id, "clinician")


# holds


def test_nothing_is_planned_in_a_hold_and_all_after_it(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    ends_at = NOW + timedelta(days=4)
    before = [row.due_at for row in planned(ann) if row.due_at >= ends_at]
    with ann.clinic.open() as scope:
        hold = hold_episode(scope, ann.episode_id, NewHold(ends_at), nurse(ben), NOW)
    assert hold.owner_id == ben.id
    assert [row.due_at for row in planned(ann) if row.due_at > NOW] == before
    clock.set(ends_at)
    with ann.clinic.app.app_context():
        assert end_holds(ann.clinic.wiring.vaults, ends_at - timedelta(seconds=1)) == 0
        assert end_holds(ann.clinic.wiring.vaults, ends_at) == 1
        assert end_holds(ann.clinic.wiring.vaults, ends_at) == 0
    assert [row.status for row in rows(ann.clinic, "episode")] == ["active"]
    assert [(row.rule, row.tier) for row in rows(ann.clinic, "flag")] == [("hold_over", "review")]


def test_the_synthetic_patient_is_on_hold_for_good_and_troubles_nobody(ann: PatientPersona, clock: ClockHand) -> None:
    with ann.clinic.open() as scope:
        keep_synthetic(scope, clock.now)
    with ann.clinic.app.app_context(), capture_logs() as said:
        assert end_holds(ann.clinic.wiring.vaults, clock.now) == 0
    assert said == []


def test_a_hold_that_is_lifted_brings_back_what_is_still_of_use(ann: PatientPersona, ben: Persona) -> None:
    before = [(row.id, row.due_at) for row in planned(ann)]
    with ann.clinic.open() as scope:
        hold_episode(scope, ann.episode_id, NewHold(NOW + timedelta(days=4)), nurse(ben), NOW)
        lift_hold(scope, ann.episode_id, nurse(ben), NOW + timedelta(minutes=5))
    assert [(row.id, row.due_at) for row in planned(ann)] == before


def test_a_hold_needs_an_end_an_owner_and_a_running_recovery(ann: PatientPersona, ben: Persona, cleo: Persona) -> None:
    with ann.clinic.open() as scope:
        for ends_at, owner in ((NOW, ben.id), (NOW + timedelta(days=91), ben.id), (NOW + timedelta(days=1), cleo.id)):
            with pytest.raises(Invalid):
                hold_episode(scope, ann.episode_id, NewHold(ends_at, owner_id=owner), nurse(ben), NOW)
        with pytest.raises(NotFound):
            lift_hold(scope, ann.episode_id, nurse(ben), NOW)
        change_episode(scope, ann.episode_id, EpisodeChanges(status="ended"), SYSTEM, NOW)
        with pytest.raises(Conflict):
            hold_episode(scope, ann.episode_id, NewHold(NOW + timedelta(days=1)), nurse(ben), NOW)


def test_after_a_hold_longer_than_the_plan_texts_lie_ahead_at_once(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        hold_episode(scope, ann.episode_id, NewHold(NOW + timedelta(days=40)), nurse(ben), NOW)
    clock.forward(days=30)
    with ann.clinic.open() as scope:
        lift_hold(scope, ann.episode_id, nurse(ben), clock.now)
    ahead = [row.local_on for row in planned(ann) if row.due_at > clock.now]
    assert NOW.date() + timedelta(days=30) <= min(ahead) <= max(ahead) <= NOW.date() + timedelta(days=44)


def test_the_api_holds_and_lifts(ann: PatientPersona, ben: Persona) -> None:
    path = f"/episodes/{ann.episode_id}/hold"
    made = ben.post(path, json={"ends_at": (NOW + timedelta(days=2)).isoformat(), "reason": "hospital"})
    assert (made.status_code, made.json["owner_id"], made.json["reason"]) == (201, str(ben.id), "hospital")
    held = ben.get(f"/episodes/{ann.episode_id}").json
    assert (held["status"], held["hold"]) == ("on_hold", made.json)
    assert ben.delete(path).status_code == 204
    assert ben.get(f"/episodes/{ann.episode_id}").json["hold"] is None
    assert ben.delete(path).status_code == 404
    assert ben.post(path, json={"ends_at": NOW.isoformat()}).status_code == 422


# people and procedures


def test_a_death_takes_the_future_away_and_keeps_what_was_sent(ann: PatientPersona, clock: ClockHand) -> None:
    hand_over(ann, clock, planned(ann)[0].due_at)
    with ann.clinic.open() as scope:
        change_patient(scope, ann.id, {"status": "deceased"}, SYSTEM, clock.now)
    assert [row.kind for row in planned(ann)] == ["nudge"]
    hand_over(ann, clock, planned(ann)[0].due_at)
    assert {row.state for row in rows(ann.clinic, "reminder")} == {"handed_over", "replaced", "skipped"}
    assert len(rows(ann.clinic, "message")) == 1


def test_a_procedure_that_is_put_off_moves_its_preparation_and_sends_none_again(
    clinic: BuiltClinic, clock: ClockHand
) -> None:
    patient = make_patient(clinic, performed_on=NOW.date() + timedelta(days=7))
    first = planned(patient)[0]
    assert first.text_key == "prepare_blood_thinner_on"
    hand_over(patient, clock, first.due_at if first.due_at > NOW else NOW)
    with clinic.open() as scope:
        later = NOW.date() + timedelta(days=10)
        change_episode(scope, patient.episode_id, EpisodeChanges(performed_on=later), SYSTEM, clock.now)
    found = {row.text_key: row.local_on for row in planned(patient)}
    assert found["prepare_ride"] == later - timedelta(days=3)
    assert next(row for row in planned(patient) if row.text_key == "prepare_ride").text_values["date"] == str(later)


def test_what_waits_to_leave_when_the_procedure_or_a_visit_moves_never_names_the_old_day(
    clinic: BuiltClinic, clock: ClockHand
) -> None:
    patient = make_patient(clinic, performed_on=NOW.date() + timedelta(days=5))
    with clinic.open() as scope:
        visits = [book_visit(scope, patient.episode_id, NOW + timedelta(days=day), SYSTEM, NOW) for day in (7, 7)]
    clock.set(datetime(2026, 11, 22, 18, 30, tzinfo=UTC))  # its ride, medicine and visits are due since the morning
    with clinic.open() as scope:
        change_visit(scope, visits[0].id, visits[0].starts_at + timedelta(hours=3), None, SYSTEM, clock.now)
        change_visit(scope, visits[1].id, None, "cancelled", SYSTEM, clock.now)
        put_off = EpisodeChanges(performed_on=NOW.date() + timedelta(days=30))
        change_episode(scope, patient.episode_id, put_off, SYSTEM, clock.now)
    for _ in range(4):
        hand_over(patient, clock, clock.now)
        clock.forward(hours=1)
    of_day = [row for row in rows(clinic, "reminder") if row.local_on == date(2026, 11, 22)]
    left = [(row.text_key, row.text_values["time"]) for row in of_day if row.state == "handed_over"]
    assert left == [("visit_coming", "13:00")]
    assert {row.text_key for row in of_day if row.state == "replaced"} >= {"prepare_ride", "visit_coming"}


def test_what_waits_for_the_carrier_when_a_visit_moves_stays_here_and_leaves_with_the_new_time(
    ann: PatientPersona, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        visit = book_visit(scope, ann.episode_id, NOW + timedelta(days=6), SYSTEM, NOW)
    reminded = next(row for row in planned(ann) if row.kind == "follow_up_visit").due_at
    let_leave(ann, clock, reminded - timedelta(hours=2))
    hand_over(ann, clock, reminded)
    clock.forward(minutes=5)
    with ann.clinic.open() as scope:
        change_visit(scope, visit.id, visit.starts_at + timedelta(hours=2), None, SYSTEM, clock.now)
    let_leave(ann, clock, *(clock.now + timedelta(hours=hours) for hours in range(6)))
    texts = [row.state for row in rows(ann.clinic, "message") if row.text_key == "visit_coming"]
    assert sorted(texts) == ["delivered", "suppressed"]
    told = [row for row in rows(ann.clinic, "reminder") if row.state == "handed_over" and row.text_values.get("visit")]
    assert [row.text_values["time"] for row in told] == ["12:00"]


def called_off(patient: PatientPersona, visit_id: UUID, now: datetime) -> None:
    with patient.clinic.open() as scope:
        change_visit(scope, visit_id, None, "cancelled", SYSTEM, now)


def test_news_of_a_visit_that_no_text_can_tell_in_time_is_a_call(ann: PatientPersona, clock: ClockHand) -> None:
    """On a day that has its three texts, and in the night before an early visit."""
    with ann.clinic.open() as scope:
        starts = [NOW + timedelta(days=6, minutes=minutes) for minutes in (0, -90)]
        full, early = (book_visit(scope, ann.episode_id, one, SYSTEM, NOW) for one in starts)
    day_before = starts[0] - timedelta(days=1)
    for hours in range(-72, 7):
        let_leave(ann, clock, day_before + timedelta(hours=hours))
    texts = {row.text_key for row in rows(ann.clinic, "message")}
    called_off(ann, full.id, day_before + timedelta(hours=7))
    let_leave(ann, clock, *(day_before + timedelta(hours=7, minutes=10 * n) for n in range(14)))
    assert [row.rule for row in rows(ann.clinic, "flag")] == ["visit_news_by_phone"], texts
    called_off(ann, early.id, starts[1] - timedelta(hours=3))
    [flag] = rows(ann.clinic, "flag")
    assert (flag.family, flag.tier, flag.repeats) == ("visit_news", "today", 1)
    assert flag.reason == (
        "No text could tell of a changed visit: call; "
        "called off: 26 Nov 2026 at 08:30; called off: 26 Nov 2026 at 10:00"
    )


@pytest.mark.parametrize("since", ["died", "confirmed", "moved before it was told of"])
def test_no_call_is_asked_for_where_there_is_nobody_to_tell_or_nothing_new(
    ann: PatientPersona, clock: ClockHand, since: str
) -> None:
    with ann.clinic.open() as scope:
        visit = book_visit(scope, ann.episode_id, NOW + timedelta(days=6), SYSTEM, NOW)
    reminded = next(row for row in planned(ann) if row.kind == "follow_up_visit").due_at
    if since != "moved before it was told of":
        let_leave(ann, clock, *(reminded + timedelta(hours=hours) for hours in range(-3, 4)))
        assert "visit_coming" in [row.text_key for row in rows(ann.clinic, "message")]
    clock.set(reminded + timedelta(hours=9))
    with ann.clinic.open() as scope:
        if since == "died":
            scope.connection.execute(update(tables.patient).values(status="deceased"))
        change_visit(scope, visit.id, visit.starts_at + timedelta(hours=2), None, SYSTEM, clock.now)
        if since == "confirmed":
            confirm_visit_by_id(scope, visit.id, SYSTEM, clock.now)
    for hours in range(1, 30):
        hand_over(ann, clock, reminded + timedelta(hours=9 + hours))
    assert [row.rule for row in rows(ann.clinic, "flag")] == []


def test_a_visit_that_was_confirmed_before_any_reminder_and_is_called_off_is_told_of(
    ann: PatientPersona, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        visit = book_visit(scope, ann.episode_id, NOW + timedelta(days=6), SYSTEM, NOW)
        confirm_visit_by_id(scope, visit.id, SYSTEM, NOW)
    reminded = next(row for row in planned(ann) if row.kind == "follow_up_visit").due_at
    let_leave(ann, clock, reminded)
    called_off(ann, visit.id, reminded + timedelta(minutes=5))
    let_leave(ann, clock, *(reminded + timedelta(hours=hours) for hours in range(1, 4)))
    assert "visit_off" in [row.text_key for row in rows(ann.clinic, "message")]


def test_a_visit_that_moves_away_and_back_while_its_text_waits_is_told_of_once(
    ann: PatientPersona, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        visit = book_visit(scope, ann.episode_id, NOW + timedelta(days=6), SYSTEM, NOW)
    reminded = next(row for row in planned(ann) if row.kind == "follow_up_visit").due_at
    hand_over(ann, clock, reminded)
    for hours in (48, 0):
        with ann.clinic.open() as scope:
            change_visit(scope, visit.id, visit.starts_at + timedelta(hours=hours), None, SYSTEM, clock.now)
    let_leave(ann, clock, *(reminded + timedelta(hours=hours) for hours in range(1, 4)))
    told = [row for row in rows(ann.clinic, "message") if row.text_key == "visit_coming" and row.state == "delivered"]
    assert len(told) == 1


def test_whatever_changes_the_plan_is_sound(
    clinic: BuiltClinic, clock: ClockHand, ben: Persona, samples: Callable[[int, int], int]
) -> None:
    for seed in range(samples(6, 300)):
        _live(clinic, clock, ben, random.Random(seed), f"+1646555{100 + seed % 100:04}")


def _live(clinic: BuiltClinic, clock: ClockHand, ben: Persona, chance: random.Random, phone: str) -> None:
    """Some days of one patient with changes at random; after each, every promise about the plan is looked at."""
    clock.set(NOW)
    patient = make_patient(clinic, phone=phone, performed_on=NOW.date() + timedelta(days=chance.randint(-6, 9)))
    seen: dict[Any, Row[Any]] = {}
    for _ in range(8):
        clock.forward(hours=chance.randint(1, 40))
        with clinic.app.app_context():
            plan_ahead(clinic.wiring.vaults, clock.now)
        let_leave(patient, clock, clock.now)
        _change(patient, clock.now, ben, chance)
        _look(patient, clock.now, seen)


def _change(patient: PatientPersona, now: datetime, ben: Persona, chance: random.Random) -> None:
    with patient.clinic.open() as scope:
        match chance.randrange(7):
            case 0:
                change_preferences(scope, patient.id, Preferences(zone=chance.choice(ZONES)), SYSTEM, now)
            case 1:
                wanted = Preferences(check_in_time=time(chance.randint(9, 19), 15))
                change_preferences(scope, patient.id, wanted, SYSTEM, now)
            case 2:
                book_visit(scope, patient.episode_id, now + timedelta(hours=chance.randint(2, 200)), SYSTEM, now)
            case 5 | 6:
                _move(scope, patient, now, chance)
            case _:
                if scope.connection.execute(select(tables.hold.c.id).where(tables.hold.c.lifted_at.is_(None))).first():
                    end_holds_of(patient, now)


def _move(scope: ClinicScope, patient: PatientPersona, now: datetime, chance: random.Random) -> None:
    """The procedure is another day's, or a visit."""
    mine = tables.appointment.c.episode_id == patient.episode_id
    visit_id = scope.connection.execute(select(tables.appointment.c.id).where(mine).limit(1)).scalar()
    if visit_id is None or chance.random() < 0.5:
        moved_to = NOW.date() + timedelta(days=chance.randint(-30, 20))
        change_episode(scope, patient.episode_id, EpisodeChanges(performed_on=moved_to), SYSTEM, now)
    else:
        change_visit(scope, visit_id, now + timedelta(hours=chance.randint(2, 200)), None, SYSTEM, now)


def end_holds_of(patient: PatientPersona, now: datetime) -> None:
    with patient.clinic.app.app_context():
        end_holds(patient.clinic.wiring.vaults, now)


def _look(patient: PatientPersona, now: datetime, seen: dict[Any, Row[Any]]) -> None:
    mine = [row for row in rows(patient.clinic, "reminder") if row.episode_id == patient.episode_id]
    keys = Counter((row.kind, row.local_on, row.slot) for row in mine)
    assert max(keys.values()) == 1
    [zone_name] = [row.zone for row in rows(patient.clinic, "patient") if row.id == patient.id]
    zone = ZoneInfo(zone_name)
    queued = {row.row_id for row in rows(patient.clinic, "due_work") if row.kind == "reminder"}
    held = [row for row in rows(patient.clinic, "hold") if row.episode_id == patient.episode_id and not row.lifted_at]
    for row in mine:
        if row.state == "planned" and row.due_at > now and row.kind != "nudge" and "/" not in row.slot:
            assert row.id in queued
            assert not within_quiet_hours(row.due_at, zone)
            assert row.due_at.astimezone(zone).date() == row.local_on
            assert not any(one.begins_at <= row.due_at < one.ends_at for one in held)
        if row.state == "handed_over":
            seen.setdefault(row.id, row)
            assert row == seen[row.id], "what was sent stays"
    of_day = Counter(row.local_on for row in mine if row.state == "planned" and row.due_at > now)
    assert max(of_day.values(), default=0) <= 4  # three of the plan, and one that was asked again


def test_a_recovery_ends_two_weeks_after_its_year_unless_somebody_still_has_to_do_with_it(
    ann: PatientPersona, clock: ClockHand
) -> None:
    vaults, over = ann.clinic.wiring.vaults, datetime(2027, 11, 30, tzinfo=UTC)  # its last day is 2027-11-15
    with ann.clinic.app.app_context():
        assert end_recoveries(vaults, over - timedelta(days=1)) == 0
    visit_at = over + timedelta(days=2)
    with ann.clinic.open() as scope:
        visit = book_visit(scope, ann.episode_id, visit_at, SYSTEM, visit_at - timedelta(days=600))
    with ann.clinic.app.app_context():
        assert end_recoveries(vaults, over) == 0
        assert end_recoveries(vaults, visit_at + timedelta(hours=1)) == 0, "nobody said yet how it went"
    with ann.clinic.open() as scope:
        change_visit(scope, visit.id, None, "kept", SYSTEM, visit_at)
    clock.set(visit_at)
    record(ann, 4)
    with ann.clinic.app.app_context():
        assert end_recoveries(vaults, visit_at + timedelta(hours=6)) == 0, "there may be more to ask about the answer"
        assert [end_recoveries(vaults, visit_at + timedelta(days=3)) for _ in range(2)] == [1, 0]
    assert [row.status for row in rows(ann.clinic, "episode")] == ["ended"]


# visits


def test_a_confirmed_visit_is_announced_the_day_before_and_not_asked_about(
    ann: PatientPersona, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        visit = book_visit(scope, ann.episode_id, NOW + timedelta(days=8), SYSTEM, NOW)
        confirm_visit_by_id(scope, visit.id, SYSTEM, NOW)
    for row in [row for row in planned(ann) if row.kind == "follow_up_visit"]:
        for moment in (row.due_at.replace(hour=15), row.due_at):  # once the day's own question is out of the way
            hand_over(ann, clock, moment)
            with ann.clinic.open() as scope:
                message = tables.message
                scope.connection.execute(update(message).where(message.c.state == "planned").values(state="expired"))
    states = {
        row.text_key: (row.state, row.why) for row in rows(ann.clinic, "reminder") if row.kind == "follow_up_visit"
    }
    assert states == {"visit_coming": ("skipped", "confirmed"), "visit_reminder": ("handed_over", None)}
    texts = [row for row in rows(ann.clinic, "message") if row.text_key and row.text_key.startswith("visit")]
    assert [(row.text_key, row.question) for row in texts] == [("visit_tomorrow", None)]


def test_who_was_reminded_of_a_visit_that_moves_is_told_of_its_last_time_and_nobody_else(
    ann: PatientPersona, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        visit, far = (book_visit(scope, ann.episode_id, NOW + timedelta(days=day), SYSTEM, NOW) for day in (6, 12))
    reminded = next(row for row in planned(ann) if row.kind == "follow_up_visit").due_at
    let_leave(ann, clock, reminded - timedelta(hours=2), reminded)
    clock.set(reminded.replace(hour=13) + timedelta(days=1))  # eight in the morning, before any text may leave
    with ann.clinic.open() as scope:
        change_visit(scope, far.id, far.starts_at + timedelta(hours=1), None, SYSTEM, clock.now)
        for hours in (2, 3):
            change_visit(scope, visit.id, visit.starts_at + timedelta(hours=hours), None, SYSTEM, clock.now)
    with ann.clinic.open() as scope:
        change_preferences(scope, ann.id, Preferences(check_in_time=time(18)), SYSTEM, clock.now)
    let_leave(ann, clock, *(clock.now + timedelta(hours=hours) for hours in (1, 2, 3, 4)))
    news = [row for row in rows(ann.clinic, "reminder") if "/" in row.slot]
    assert [(row.text_values["time"], row.state, row.why) for row in sorted(news, key=lambda row: row.slot)] == [
        ("12:00", "skipped", "visit_moved"), ("13:00", "handed_over", None),
    ]  # fmt: skip
    assert {row.text_values["visit"] for row in news} == {str(visit.id)}


def test_who_was_reminded_of_a_visit_is_told_that_it_is_off_unless_it_is_on_again(
    ann: PatientPersona, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        visit = book_visit(scope, ann.episode_id, NOW + timedelta(days=6), SYSTEM, NOW)
    reminded = next(row for row in planned(ann) if row.kind == "follow_up_visit").due_at
    let_leave(ann, clock, reminded - timedelta(hours=2), reminded)
    for status, said in (("cancelled", "visit_off"), ("booked", "visit_coming"), ("kept", "visit_off")):
        clock.set(clock.now + timedelta(days=1))
        with ann.clinic.open() as scope:
            change_visit(scope, visit.id, None, "cancelled", SYSTEM, clock.now)
            change_visit(scope, visit.id, None, status, SYSTEM, clock.now)
        known = {row.id for row in rows(ann.clinic, "message")}
        let_leave(ann, clock, *(clock.now + timedelta(hours=hours) for hours in range(3)))
        told = [row.text_key for row in rows(ann.clinic, "message") if row.id not in known]
        assert [key for key in told if key.startswith("visit")] == [said] * (status != "kept")


def test_a_missed_visit_is_a_task_and_a_text_and_one_without_an_end_is_asked_about_once(
    ann: PatientPersona, clock: ClockHand
) -> None:
    with ann.clinic.open() as scope:
        visits = [book_visit(scope, ann.episode_id, NOW + timedelta(days=day), SYSTEM, NOW) for day in (1, 2)]
    clock.forward(days=3)
    with ann.clinic.app.app_context():
        assert watch_visits(ann.clinic.wiring.vaults, clock.now) == 2
        assert watch_visits(ann.clinic.wiring.vaults, clock.now) == 0
    with ann.clinic.open() as scope:
        change_visit(scope, visits[0].id, None, "missed", SYSTEM, clock.now)
        change_visit(scope, visits[0].id, None, "missed", SYSTEM, clock.now)
    assert [row.text_key for row in rows(ann.clinic, "message")] == ["visit_missed"]
    [flag] = rows(ann.clinic, "flag")
    assert (flag.family, flag.tier) == ("operations", "review")


# versions


def own_version(change: dict[str, Any], version: str = "2.0+1") -> tuple[Any, dict[str, Any]]:
    signed = {"signed_off_by": "Dr. Made-up, 2026-11-01"}
    shipped = load_yaml(SHIPPED)
    content = {**shipped, "coaching": shipped["coaching"] | signed, "version": version, **signed, **change}
    return read_from("mine.yaml", "", content), content


def test_a_patient_stays_on_their_version_until_moved_with_the_difference_seen(
    ann: PatientPersona, clock: ClockHand
) -> None:
    variables = {**load_yaml(SHIPPED)["variables"], "lifting_pounds": 5}
    protocol, content = own_version({"variables": variables})
    clock.set(NOW - timedelta(minutes=1))
    with ann.clinic.open() as scope:
        publish_protocol(scope, protocol, content, SYSTEM, NOW)
        assert read_plan(scope, ann.id, None, SYSTEM, NOW).protocol == protocol_pack()
        found = compare_version(scope, ann.episode_id, "2.0+1", NOW)
        assert {one.after.text_key for one in found if one.after} <= {"posture_lifting", "ask_about_lifting"}
        with pytest.raises(Conflict):
            move_protocol(scope, ann.episode_id, "2.0+1", found[:-1], SYSTEM, NOW)
        move_protocol(scope, ann.episode_id, "2.0+1", found, SYSTEM, NOW)
        assert read_plan(scope, ann.id, None, SYSTEM, NOW).protocol.version == "2.0+1"
        assert compare_version(scope, ann.episode_id, "2.0+1", NOW) == ()
    newcomer = make_patient(ann.clinic, phone="+12125550147")
    with ann.clinic.open() as scope:
        assert read_plan(scope, newcomer.id, None, SYSTEM, NOW).protocol.version == "2.0+1"


def test_whoever_is_on_an_older_shipped_version_can_be_moved_before_anybody_new_is_enrolled(
    ann: PatientPersona, clock: ClockHand
) -> None:
    newest = protocol_pack().version
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.protocol).values(version="1.9"))
        found = compare_version(scope, ann.episode_id, newest, NOW)
        move_protocol(scope, ann.episode_id, newest, found, SYSTEM, NOW)
        assert read_plan(scope, ann.id, None, SYSTEM, NOW).protocol.version == newest


def test_an_own_version_names_itself_and_who_signed_it(ann: PatientPersona) -> None:
    shipped = protocol_pack().signed_off_by
    with ann.clinic.open() as scope:
        unsigned = {"coaching": load_yaml(SHIPPED)["coaching"]}
        for change, field in (
            ({"version": "3.0"}, "version"),
            ({"signed_off_by": shipped}, "signed_off_by"),
            (unsigned, "coaching.signed_off_by"),
        ):
            protocol, content = own_version(change)
            with pytest.raises(Invalid) as refused:
                publish_protocol(scope, protocol, content, SYSTEM, NOW)
            assert refused.value.field == field
        protocol, content = own_version({})
        publish_protocol(scope, protocol, content, SYSTEM, NOW)
        with pytest.raises(Conflict):
            publish_protocol(scope, protocol, content, SYSTEM, NOW)


def test_the_history_of_zones_is_kept(ann: PatientPersona) -> None:
    with ann.clinic.open() as scope:
        for hours, zone in enumerate(ZONES[1:4], start=1):
            change_preferences(scope, ann.id, Preferences(zone=zone), SYSTEM, NOW + timedelta(hours=hours))
    plans = sorted(rows(ann.clinic, "care_plan"), key=lambda row: row.valid_from)
    assert [row.zone for row in plans] == list(ZONES[:4])
    assert [row.replaced_at for row in plans[:-1]] == [row.valid_from for row in plans[1:]]


def test_pain_told_before_the_procedure_becomes_the_baseline_where_there_was_none(clinic: BuiltClinic) -> None:
    patient = make_patient(clinic, baseline_pain=None, performed_on=date(2026, 11, 22))
    record(patient, 8)
    record(patient, 5)
    assert [row.baseline_pain for row in rows(clinic, "episode")] == [8]

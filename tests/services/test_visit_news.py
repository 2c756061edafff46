"""News of a visit that no text could tell: a person calls, and reads of every visit that changed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row, select, update

from recovery_api.gateways.sms import Rejected
from recovery_api.models import tables
from recovery_api.services.book_visits import book_visit, change_visit, confirm_visit_by_id
from recovery_api.services.call_with_news import call_with_lost_news
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.record_audit import SYSTEM
from tests.builders import NOW
from tests.services.outbox import Outbox
from tests.services.phone import Phone
from tests.services.scripted_carrier import LOST_REQUEST

UNTOLD = "No text could tell of a changed visit: call"


def hand_over(outbox: Outbox, at: datetime) -> None:
    outbox.clock.set(at)
    with outbox.clinic.app.app_context():
        hand_over_due("tests:0:0", outbox.clinic.wiring.vaults, at)


def book_and_remind(outbox: Outbox, *starts: datetime) -> list[UUID]:
    """Visits of the same day, of which the first reminders have left; nothing else is due in these days."""
    with outbox.clinic.open() as scope:
        scope.connection.execute(update(tables.reminder).values(state="skipped", why="needless"))
        visits = [book_visit(scope, outbox.patient.episode_id, at, SYSTEM, NOW).id for at in starts]
        reminder = tables.reminder
        due = scope.connection.execute(
            select(reminder.c.due_at).where(reminder.c.kind == "follow_up_visit").order_by(reminder.c.due_at)
        ).scalars()
        reminded = next(due)
    for hours in range(3):
        hand_over(outbox, reminded + timedelta(hours=hours))
        outbox.work()
    return visits


def change(outbox: Outbox, visit_id: UUID, at: datetime | None, status: str | None = None) -> None:
    with outbox.clinic.open() as scope:
        change_visit(scope, visit_id, at, status, SYSTEM, outbox.clock.now)


def news_of(outbox: Outbox) -> list[Row[Any]]:
    """The texts in the outbox that tell of a changed visit."""
    reminder, message = tables.reminder, tables.message
    with outbox.clinic.open() as scope:
        told = (
            select(message).join(reminder, reminder.c.id == message.c.reminder_id).where(reminder.c.slot.contains("/"))
        )
        return list(scope.connection.execute(told.order_by(message.c.created_at)).all())


def move_and_hand_over(outbox: Outbox, visit_id: UUID, at: datetime) -> UUID:
    """The visit is moved, and the text that says so waits in the outbox; returns that text."""
    change(outbox, visit_id, at)
    for _ in range(3):
        outbox.clock.forward(minutes=61)
        hand_over(outbox, outbox.clock.now)
    return UUID(str(news_of(outbox)[-1].id))


def expires(outbox: Outbox, message_id: UUID) -> None:
    outbox.clock.set(outbox.row(message_id).expires_at + timedelta(minutes=1))
    outbox.work()


def is_refused(outbox: Outbox, message_id: UUID) -> None:
    outbox.carrier.script.append(Rejected(21617, "content"))
    outbox.work_until_settled(message_id, rounds=2)


def fails_on_the_way(outbox: Outbox, message_id: UUID) -> None:
    row = outbox.work_until_settled(message_id, rounds=2)
    outbox.callback(message_id, str(row.sid), "undelivered", 30003)


def finds_no_end(outbox: Outbox, message_id: UUID) -> None:
    """The answer got lost, and the carrier's list cannot be asked until the text is too late."""
    outbox.carrier.script.append(LOST_REQUEST)
    outbox.carrier.list_is_reachable = False
    outbox.work()
    outbox.clock.set(outbox.row(message_id).expires_at + timedelta(minutes=1))
    outbox.work_until_settled(message_id, rounds=2)


def is_stopped(outbox: Outbox, _: UUID) -> None:
    Phone(outbox.clinic, outbox.patient.phone).send("STOP")


@pytest.mark.parametrize("fate", [expires, is_refused, fails_on_the_way, finds_no_end, is_stopped])
def test_news_of_a_visit_whose_text_does_not_arrive_is_a_call(
    outbox: Outbox, fate: Callable[[Outbox, UUID], None]
) -> None:
    [visit] = book_and_remind(outbox, NOW + timedelta(days=6))
    message_id = move_and_hand_over(outbox, visit, NOW + timedelta(days=8))
    fate(outbox, message_id)
    [flag] = [one for one in outbox.flags() if one.family == "visit_news"]
    assert outbox.row(message_id).state in ("expired", "rejected", "undelivered", "suppressed")
    assert flag.reason == f"{UNTOLD}; now on 28 Nov 2026 at 10:00"
    assert (flag.rule, flag.tier, flag.episode_id) == ("visit_news_by_phone", "today", outbox.patient.episode_id)


def test_who_confirmed_the_new_time_meanwhile_is_not_called(outbox: Outbox) -> None:
    [visit] = book_and_remind(outbox, NOW + timedelta(days=6))
    message_id = move_and_hand_over(outbox, visit, NOW + timedelta(days=8))
    with outbox.clinic.open() as scope:
        confirm_visit_by_id(scope, visit, SYSTEM, outbox.clock.now)
    expires(outbox, message_id)
    assert (outbox.row(message_id).state, outbox.flags()) == ("expired", [])


def test_a_text_that_failed_about_a_visit_that_moved_once_more_leaves_the_call_to_the_newer_one(outbox: Outbox) -> None:
    [visit] = book_and_remind(outbox, NOW + timedelta(days=6))
    message_id = move_and_hand_over(outbox, visit, NOW + timedelta(days=8))
    row = outbox.work_until_settled(message_id, rounds=2)
    newer = move_and_hand_over(outbox, visit, NOW + timedelta(days=9))
    outbox.callback(message_id, str(row.sid), "undelivered", 30003)
    assert outbox.flags() == []
    expires(outbox, newer)
    assert [one.reason for one in outbox.flags()] == [f"{UNTOLD}; now on 29 Nov 2026 at 10:00"]


def test_a_task_names_the_newest_time_of_a_visit_though_a_text_tells_of_that_one_as_well(outbox: Outbox) -> None:
    """The nurse who calls must not contradict the text."""
    [visit] = book_and_remind(outbox, NOW + timedelta(days=6))
    expires(outbox, move_and_hand_over(outbox, visit, NOW + timedelta(days=8)))
    outbox.mark("flag", status="acknowledged", acknowledged_at=outbox.clock.now)
    newer = move_and_hand_over(outbox, visit, NOW + timedelta(days=9))
    outbox.work_until_settled(newer, rounds=2)
    assert [(one.status, one.reason) for one in outbox.flags()] == [("open", f"{UNTOLD}; now on 29 Nov 2026 at 10:00")]


def test_news_of_a_second_visit_stands_beside_the_first_and_is_seen_by_who_has_the_task(outbox: Outbox) -> None:
    """The task that a nurse took opens again, once, and names both visits."""
    first, second = book_and_remind(outbox, NOW + timedelta(days=6), NOW + timedelta(days=6, hours=3))
    lost = move_and_hand_over(outbox, first, NOW + timedelta(days=8))
    expires(outbox, lost)
    outbox.mark("flag", status="acknowledged", acknowledged_at=outbox.clock.now)
    change(outbox, second, None, "cancelled")
    hand_over(outbox, outbox.clock.now + timedelta(hours=14))
    for _ in range(2):
        expires(outbox, news_of(outbox)[-1].id)
        [flag] = outbox.flags()
        assert flag.reason == (f"{UNTOLD}; called off: 26 Nov 2026 at 13:00; now on 28 Nov 2026 at 10:00")
        assert flag.waiting_since is not None
    assert (flag.status, flag.repeats, flag.inputs["visits"]) == ("open", 1, [str(second), str(first)])


def test_the_same_news_again_does_not_take_the_task_from_who_has_it(outbox: Outbox) -> None:
    [visit] = book_and_remind(outbox, NOW + timedelta(days=6))
    lost = move_and_hand_over(outbox, visit, NOW + timedelta(days=8))
    row = outbox.work_until_settled(lost, rounds=2)
    outbox.callback(lost, str(row.sid), "undelivered", 30003)
    outbox.mark("flag", status="acknowledged", acknowledged_at=outbox.clock.now)
    with outbox.clinic.open() as scope:
        call_with_lost_news(scope, [lost], outbox.clock.now)
    assert [(one.status, one.repeats) for one in outbox.flags()] == [("acknowledged", 1)]


def test_a_visit_of_the_early_morning_that_is_put_off_in_the_night_is_a_call_at_once(outbox: Outbox) -> None:
    """A text in the next hours for texts would tell of the new time when the patient is on the way to the old one."""
    early = NOW + timedelta(days=6, hours=-1, minutes=-30)
    [visit] = book_and_remind(outbox, early)
    outbox.clock.set(early - timedelta(hours=4))
    change(outbox, visit, early + timedelta(days=9))
    assert [(one.family, one.rule) for one in outbox.flags()] == [("visit_news", "visit_news_by_phone")]


def test_a_landline_whose_visit_is_called_off_is_a_call_in_its_hours(outbox: Outbox) -> None:
    outbox.mark("contact_point", channel="voice")
    [visit] = book_and_remind(outbox, NOW + timedelta(days=6))
    change(outbox, visit, None, "cancelled")
    hand_over(outbox, outbox.clock.now + timedelta(minutes=61))
    assert [one.reason for one in outbox.flags()] == [f"{UNTOLD}; called off: 26 Nov 2026 at 10:00"]


def test_nobody_is_asked_to_call_about_the_visit_of_who_is_said_to_have_died(outbox: Outbox) -> None:
    [visit] = book_and_remind(outbox, NOW + timedelta(days=6))
    message_id = move_and_hand_over(outbox, visit, NOW + timedelta(days=8))
    Phone(outbox.clinic, outbox.patient.phone).send("My husband died yesterday")
    assert outbox.row(message_id).state == "suppressed"
    told = {one.rule for one in outbox.flags()}
    assert "reported_deceased" in told
    assert "visit_news_by_phone" not in told

"""What the carrier knows and we do not: missed texts are filed in order, ends are asked for, and days are compared."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Row, select, update

from jobs.timetable import TIMETABLE
from recovery_api.gateways.sms import Delivery, InboundText, SentText
from recovery_api.models import tables
from recovery_api.services.chase_statuses import OVERDUE, chase_statuses
from recovery_api.services.claim_work import claim_rows
from recovery_api.services.compare_with_carrier import compare_with_carrier, read_comparisons
from recovery_api.services.give_up_end import count_given_up
from recovery_api.services.pace_senders import list_senders
from recovery_api.services.reconcile_inbound import known_sids, reconcile_inbound
from recovery_api.services.settle_strays import settle_strays
from tests.builders import NOW, BuiltClinic, make_clinic
from tests.services.outbox import Outbox
from tests.services.phone import Phone
from tests.services.scripted_carrier import LOST_ANSWER, LOST_REQUEST

Reconcile = Callable[[], int]


@pytest.fixture
def reconcile(outbox: Outbox) -> Reconcile:
    """One round of the job."""

    def run() -> int:
        with outbox.clinic.app.app_context():
            return reconcile_inbound(outbox.carrier, outbox.clinic.wiring.vaults, outbox.clock.now)

    return run


def arrives(outbox: Outbox, body: str, ago: timedelta, sid: str = "", phone: str = "") -> str:
    """A text that came some time ago, and whose web hook nobody answered."""
    sid = sid or f"SM{len(outbox.carrier.inbox):032x}"
    at = outbox.real.now - ago
    outbox.carrier.inbox.append(InboundText(sid, phone or outbox.patient.phone, outbox.clinic.number, body, at))
    return sid


def inbound_rows(outbox: Outbox) -> list[Row[Any]]:
    with outbox.clinic.open() as scope:
        message = tables.message
        chosen = select(message).where(message.c.direction == "in").order_by(message.c.id)
        return list(scope.connection.execute(chosen).all())


def answers(outbox: Outbox) -> list[tuple[str, str]]:
    with outbox.clinic.open() as scope:
        message = tables.message
        chosen = select(message.c.text_key, message.c.state).where(message.c.in_reply_to_id.is_not(None))
        return [(row.text_key, row.state) for row in scope.connection.execute(chosen.order_by(message.c.id))]


# texts that the web hook missed


def test_what_an_hour_without_a_web_hook_missed_is_filed_once_and_in_order(
    outbox: Outbox, reconcile: Reconcile
) -> None:
    sids = [arrives(outbox, str(place % 5), timedelta(minutes=60 - place // 2)) for place in range(12)]
    assert [reconcile(), reconcile()] == [12, 0]
    assert [row.sid for row in inbound_rows(outbox)] == sids
    assert [row.disposition for row in inbound_rows(outbox)] == ["recorded"] * 12


def test_danger_in_a_missed_text_is_flagged_and_answered_though_days_have_passed(
    outbox: Outbox, reconcile: Reconcile
) -> None:
    arrives(outbox, "my legs feel weak since last night", timedelta(days=6, hours=23))
    assert reconcile() == 1
    [flag] = outbox.flags()
    assert (flag.tier, flag.opened_at) == ("emergency", outbox.clock.now)
    assert answers(outbox) == [("emergency", "planned")]


def test_the_texts_of_the_longest_outage_are_looked_up_at_once(outbox: Outbox) -> None:
    with outbox.clinic.open() as scope:  # more than a statement of the database takes parameters
        assert known_sids(scope, [f"SM{number:032x}" for number in range(70_000)]) == set()


def test_a_missed_stop_stops(outbox: Outbox, reconcile: Reconcile) -> None:
    arrives(outbox, "STOP", timedelta(hours=5))
    reconcile()
    assert outbox.contact_state() == "opted_out"


def test_a_late_answer_belongs_to_the_day_on_which_it_was_written(outbox: Outbox, reconcile: Reconcile) -> None:
    phone = Phone(outbox.clinic, outbox.patient.phone)
    phone.ask("pain", NOW.date(), NOW - timedelta(hours=1))
    arrives(outbox, "6", timedelta(days=2))
    arrives(outbox, "3", timedelta(minutes=30))
    assert reconcile() == 2
    days = {row.pain: row.local_on for row in phone.rows("check_in")}
    assert days == {6: NOW.date() - timedelta(days=2), 3: NOW.date()}


def test_a_late_answer_belongs_to_the_day_that_was_asked_about_when_it_was_written(
    outbox: Outbox, reconcile: Reconcile
) -> None:
    asked_on, asked_at = NOW.date() - timedelta(days=1), NOW - timedelta(hours=14)
    message, own = tables.message, outbox.queue_reminder(question_on=asked_on)
    with outbox.clinic.open() as scope:
        asked = update(message).where(message.c.id == own)
        scope.connection.execute(asked.values(state="delivered", created_at=asked_at, due_at=asked_at))
    phone = Phone(outbox.clinic, outbox.patient.phone)
    phone.ask("pain", NOW.date(), NOW - timedelta(hours=1))
    arrives(outbox, "5", timedelta(hours=15))
    arrives(outbox, "6", timedelta(hours=2))
    arrives(outbox, "7", timedelta(hours=1, minutes=30))
    assert reconcile() == 3
    days = {row.pain: row.local_on for row in phone.rows("check_in")}
    zone = ZoneInfo(phone.rows("patient")[0].zone)
    written = [(NOW - timedelta(hours=ago)).astimezone(zone).date() for ago in (15, 1.5)]
    assert days == {5: written[0], 6: asked_on, 7: written[1]}
    assert {row.question_on for row in phone.rows("contact_point")} == {NOW.date()}


def test_hours_later_nothing_is_said_back_but_a_person_reads_what_was_not_understood(
    outbox: Outbox, reconcile: Reconcile
) -> None:
    arrives(outbox, "5", timedelta(hours=9))
    arrives(outbox, "the blue one", timedelta(hours=8))
    assert reconcile() == 2
    assert {state for _, state in answers(outbox)} == {"expired"}
    assert [(row.disposition, row.needs_person) for row in inbound_rows(outbox)] == [
        ("recorded", False), ("for_a_person", True),
    ]  # fmt: skip


def test_a_text_that_the_web_hook_brings_as_well_is_filed_once(outbox: Outbox, reconcile: Reconcile) -> None:
    sid = arrives(outbox, "4", timedelta(minutes=5))
    phone = Phone(outbox.clinic, outbox.patient.phone)
    assert phone.send("4", sid)
    assert reconcile() == 0
    late = arrives(outbox, "3", timedelta(minutes=4))
    assert reconcile() == 1
    assert not phone.send("3", late)
    assert len(inbound_rows(outbox)) == 2


def test_a_text_of_this_moment_is_left_to_its_web_hook(outbox: Outbox, reconcile: Reconcile) -> None:
    arrives(outbox, "4", timedelta(seconds=5))
    assert reconcile() == 0
    outbox.real.forward(seconds=60)
    assert reconcile() == 1


def test_a_carrier_that_cannot_be_asked_is_asked_from_the_same_moment_on_later(
    outbox: Outbox, reconcile: Reconcile
) -> None:
    reconcile()
    arrives(outbox, "4", timedelta(seconds=0))
    outbox.carrier.list_is_reachable = False
    outbox.real.forward(days=6)
    assert reconcile() == 0
    outbox.carrier.list_is_reachable = True
    assert reconcile() == 1


def test_one_text_that_cannot_be_filed_holds_up_none_of_the_others_and_is_tried_again(
    outbox: Outbox, reconcile: Reconcile, capsys: pytest.CaptureFixture[str]
) -> None:
    arrives(outbox, "4\ud800", timedelta(minutes=9))
    arrives(outbox, "3", timedelta(minutes=8))
    assert [reconcile(), reconcile()] == [1, 0]
    said = capsys.readouterr().out
    assert said.count("inbound.stuck") == 2
    assert outbox.patient.phone not in said


def broken_clinic(outbox: Outbox) -> BuiltClinic:
    """A clinic whose key cannot be opened, and whose number comes first."""
    broken = make_clinic(outbox.clinic.app, number="+12015550100")
    with broken.open() as scope:
        scope.connection.execute(update(tables.clinic).where(tables.clinic.c.id == broken.id).values(wrapped_key=b"x"))
    return broken


def test_trouble_with_one_number_ends_the_round_of_no_other(
    outbox: Outbox, reconcile: Reconcile, capsys: pytest.CaptureFixture[str]
) -> None:
    broken_clinic(outbox)
    arrives(outbox, "4", timedelta(minutes=5))
    assert reconcile() == 1
    assert "inbound.number_stuck" in capsys.readouterr().out


# attempts of unknown end without a sender


@pytest.mark.parametrize(("fault", "state"), [(LOST_ANSWER, "accepted"), (LOST_REQUEST, "planned")])
def test_an_unknown_end_is_settled_though_no_sender_lives(outbox: Outbox, fault: str, state: str) -> None:
    message_id = outbox.queue()
    outbox.carrier.script.append(fault)
    outbox.work()

    def settle() -> int:
        outbox.real.forward(minutes=3)
        with outbox.clinic.app.app_context():
            return settle_strays(outbox.carrier, "ticker:0:0", outbox.clinic.wiring.vaults, outbox.clock.now)

    rounds = [settle() for _ in range(3)]
    assert rounds == ([1, 0, 0] if fault == LOST_ANSWER else [1, 1, 0])
    assert (outbox.row(message_id).state, len(outbox.carrier.offered)) == (state, 1)


def test_the_oldest_of_several_is_settled_first(outbox: Outbox) -> None:
    texts = [outbox.queue() for _ in range(6)]
    for place, message_id in enumerate(texts):
        since = outbox.real.now - timedelta(minutes=10 + place)
        outbox.mark_one(message_id, state="unknown", attempted_at=since, attempts=1)
    outbox.carrier.list_is_reachable = False
    with outbox.clinic.open() as scope:
        claims = claim_rows(scope.connection, "ticker:0:0", scope.clinic_id, texts[::-1])
    assert [claim.row_id for claim in claims] == texts[::-1]


def test_what_a_living_sender_holds_is_not_taken_from_it(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.carrier.script.append(LOST_ANSWER)
    outbox.work()
    outbox.real.forward(minutes=3)
    assert len(outbox.claim()) == 1
    with outbox.clinic.app.app_context():
        assert settle_strays(outbox.carrier, "ticker:0:0", outbox.clinic.wiring.vaults, outbox.clock.now) == 0
    assert outbox.row(message_id).state == "unknown"


# statuses without an end


def chase(outbox: Outbox) -> int:
    with outbox.clinic.app.app_context():
        return chase_statuses(outbox.carrier, outbox.clinic.wiring.vaults, outbox.clock.now)


def test_a_text_without_an_end_is_asked_about_after_a_while_and_then_by_the_hour(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.work()
    sid = str(outbox.row(message_id).sid)
    assert chase(outbox) == 0
    outbox.real.now += OVERDUE + timedelta(seconds=1)
    outbox.carrier.records[sid] = Delivery("sent", None)
    assert [chase(outbox), chase(outbox)] == [1, 0]
    outbox.real.forward(hours=1, seconds=1)
    outbox.carrier.records[sid] = Delivery("undelivered", 30006)
    assert [chase(outbox), chase(outbox)] == [1, 0]
    assert (outbox.row(message_id).state, outbox.contact_channel()) == ("undelivered", "voice")
    outbox.real.forward(hours=2)
    assert chase(outbox) == 0


def test_the_chase_ends_where_the_carrier_is_away(outbox: Outbox) -> None:
    for _ in range(3):
        outbox.queue()
    outbox.work()
    outbox.real.forward(hours=1)
    outbox.carrier.list_is_reachable = False
    assert chase(outbox) == 1


def test_trouble_with_one_clinic_ends_the_chase_of_no_other(outbox: Outbox, capsys: pytest.CaptureFixture[str]) -> None:
    broken_clinic(outbox)
    outbox.queue()
    outbox.work()
    outbox.real.forward(hours=1)
    assert chase(outbox) == 1
    assert "statuses.clinic_stuck" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("purpose", "told"),
    [("conversation", ("review", "Nobody knows whether texts")), ("safety", ("today", "safety text"))],
)
def test_an_end_that_the_carrier_never_tells_is_given_up_with_a_record_and_a_flag(
    outbox: Outbox, capsys: pytest.CaptureFixture[str], purpose: str, told: tuple[str, str]
) -> None:
    message_id = outbox.queue("emergency" if purpose == "safety" else "ask_pain_again", purpose)
    outbox.work("alert" if purpose == "safety" else "bulk")
    sid = str(outbox.row(message_id).sid)
    outbox.carrier.records[sid] = Delivery("sent", None)
    outbox.real.forward(days=2, hours=23)
    assert (chase(outbox), outbox.row(message_id).end_given_up_at) == (1, None)
    outbox.real.forward(hours=2)
    outbox.clock.forward(days=3)
    assert [chase(outbox), chase(outbox)] == [1, 0]
    outbox.real.forward(days=1)
    assert chase(outbox) == 0, "it is asked no more"
    row = outbox.row(message_id)
    assert (row.state, row.end_given_up_at) == ("sent", outbox.clock.now)
    [flag] = outbox.flags()
    assert (flag.rule, flag.family, flag.tier, flag.patient_id) == (
        "end_unknown", "delivery", told[0], outbox.patient.id,
    )  # fmt: skip
    assert told[1] in flag.reason
    with outbox.clinic.open() as scope:
        assert count_given_up(scope, outbox.clock.now - timedelta(days=1)) == 1
    assert "statuses.given_up" in capsys.readouterr().out
    assert outbox.callback(message_id, sid, "delivered"), "it may still come"
    assert outbox.row(message_id).state == "delivered"


def test_a_carrier_that_never_tells_any_end_is_one_flag_a_week(outbox: Outbox) -> None:
    for _ in range(3):
        message_id = outbox.queue()
        outbox.work()
        outbox.real.forward(days=3, seconds=1)
        outbox.clock.forward(days=3, seconds=1)
        assert chase(outbox) == 1
        assert outbox.row(message_id).end_given_up_at == outbox.clock.now
        with outbox.clinic.open() as scope:
            closed = {"status": "resolved", "outcome": "could_not_reach", "resolved_at": outbox.clock.now}
            scope.connection.execute(update(tables.flag).values(**closed))
    assert len(outbox.flags()) == 1


def test_the_end_of_a_text_is_asked_for_after_an_outage_of_a_week(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.work()
    outbox.real.forward(days=7)
    outbox.carrier.list_is_reachable = False
    assert (chase(outbox), outbox.row(message_id).end_given_up_at) == (1, None), "a carrier that is away told nothing"
    outbox.carrier.list_is_reachable = True
    outbox.real.forward(hours=2)
    outbox.carrier.records[str(outbox.row(message_id).sid)] = Delivery("delivered", None)
    assert chase(outbox) == 1
    assert (outbox.row(message_id).state, outbox.row(message_id).end_given_up_at) == ("delivered", None)
    assert outbox.flags() == []


# the daily comparison


def compare(outbox: Outbox) -> int:
    with outbox.clinic.app.app_context():
        return compare_with_carrier(outbox.carrier, outbox.clinic.wiring.vaults, outbox.clock.now)


def report(outbox: Outbox) -> Row[Any]:
    with outbox.clinic.open() as scope:
        [found] = read_comparisons(scope, datetime(2026, 1, 1, tzinfo=UTC).date())
    return found


def test_a_day_is_compared_both_ways_once_and_mended(outbox: Outbox) -> None:
    kept, lost, ended = (outbox.queue() for _ in range(3))
    outbox.work()
    sids = {one: str(outbox.row(one).sid) for one in (kept, lost, ended)}
    noon = outbox.real.now
    stranger = "SM" + "e" * 32
    outbox.carrier.sent_box = [
        SentText(sids[kept], "sent", None, noon),
        SentText(sids[ended], "undelivered", 30006, noon),
        SentText(stranger, "delivered", None, noon),
    ]
    missed = arrives(outbox, "my legs feel weak since last night", timedelta(hours=1))
    outbox.real.forward(hours=20)
    assert [compare(outbox), compare(outbox)] == [1, 0]
    found = report(outbox)
    assert found.only_here == [{"message_id": str(lost), "sid": sids[lost]}]
    assert found.only_there == sorted([missed, stranger])
    assert found.differing == [{"message_id": str(ended), "here": "accepted", "there": "undelivered"}]
    assert (found.here, found.there, found.day) == (3, 4, NOW.date())
    assert outbox.row(ended).state == "undelivered"
    assert [row.sid for row in inbound_rows(outbox)] == [missed]
    assert {flag.tier for flag in outbox.flags()} == {"emergency", "today"}
    with outbox.clinic.app.app_context():
        [note] = list_senders()
    assert (note.only_here, note.only_there, note.differing) == (1, 2, 1)


def test_a_text_that_never_left_the_carrier_has_no_date_in_its_list_and_is_looked_up(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.work()
    outbox.carrier.records[str(outbox.row(message_id).sid)] = Delivery("failed", 30008)
    outbox.real.forward(hours=20)
    compare(outbox)
    assert (report(outbox).only_here, report(outbox).here) == ([], 1)


def test_no_day_is_compared_before_its_texts_have_left_nor_while_the_carrier_is_away(outbox: Outbox) -> None:
    outbox.real.forward(hours=10)  # one in the morning
    assert compare(outbox) == 0
    outbox.real.forward(hours=1)
    outbox.carrier.list_is_reachable = False
    assert compare(outbox) == 0
    outbox.carrier.list_is_reachable = True
    assert compare(outbox) == 1


def test_after_an_outage_every_day_that_was_missed_is_compared_once(outbox: Outbox) -> None:
    outbox.real.forward(hours=20)
    assert compare(outbox) == 1, "the day before the outage"
    missed = []
    for _ in range(3):
        outbox.real.forward(days=2)
        missed.append(arrives(outbox, "4", timedelta(hours=12)))
        outbox.carrier.sent_box.append(
            SentText(f"SM{'e' * 31}{len(missed)}", "delivered", None, outbox.real.now - timedelta(hours=12))
        )
    outbox.real.forward(days=1)
    assert [compare(outbox), compare(outbox)] == [1, 0]
    with outbox.clinic.open() as scope:
        reports = read_comparisons(scope, NOW.date())
    assert [row.day for row in reports] == [NOW.date() + timedelta(days=on) for on in range(7, -1, -1)]
    assert [len(row.only_there) for row in reports[::-1]] == [0, 0, 2, 0, 2, 0, 2, 0]
    assert sorted(row.sid for row in inbound_rows(outbox)) == sorted(missed)
    with outbox.clinic.app.app_context():
        assert [note.only_there for note in list_senders()] == [6], "all the days that were caught up"


def test_a_comparison_that_breaks_off_goes_on_from_the_day_that_it_had_reached(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.real.forward(hours=20)
    compare(outbox)
    outbox.real.forward(days=5)
    listed = iter([True, True, False])
    whole = outbox.carrier.list_outbound

    def breaks_off(*of: Any) -> Any:
        outbox.carrier.list_is_reachable = next(listed, True)
        return whole(*of)

    monkeypatch.setattr(outbox.carrier, "list_outbound", breaks_off)
    assert compare(outbox) == 0
    assert compared_days(outbox) == 3
    outbox.carrier.list_is_reachable = True
    assert [compare(outbox), compared_days(outbox)] == [1, 6]


def test_trouble_with_one_number_ends_the_comparison_of_no_other(
    outbox: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    broken_clinic(outbox)
    outbox.real.forward(hours=20)
    assert compare(outbox) == 1
    assert report(outbox).day == NOW.date()
    said = capsys.readouterr().out
    assert said.count("comparison.number_stuck") == 1
    assert "+1201" not in said


def compared_days(outbox: Outbox) -> int:
    with outbox.clinic.open() as scope:
        return len(read_comparisons(scope, NOW.date()))


def test_a_number_that_was_never_compared_begins_with_its_first_text(outbox: Outbox) -> None:
    outbox.queue()
    outbox.work()
    outbox.real.forward(days=4)
    compare(outbox)
    assert compared_days(outbox) == 4


def test_every_reconciler_is_on_the_timetable() -> None:
    named = {job.name for job in TIMETABLE}
    assert named >= {"settle_unknown", "reconcile_inbound", "chase_statuses", "compare_with_carrier"}

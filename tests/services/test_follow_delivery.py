"""Callbacks settle a text whatever their order, and a phone that cannot be reached becomes a flag."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Row, select

from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import NotFound
from recovery_api.gateways.sms import Rejected
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.pace_senders import list_senders
from tests.builders import make_patient
from tests.services.outbox import Outbox
from tests.services.schedules import undone

LANDLINE, NO_HANDSET, STOPPED, HANDSET_OFF, FILTERED, UNREGISTERED = 30006, 30005, 21610, 30003, 30007, 30034
NOT_MOBILE, EXPIRED = 21614, 30036


@pytest.fixture
def sent(outbox: Outbox) -> tuple[UUID, str]:
    """A text that the carrier took, and its id there."""
    message_id = outbox.queue()
    outbox.work()
    return message_id, next(iter(outbox.carrier.taken))


@pytest.mark.parametrize("order", list(permutations(("queued", "sending", "sent", "delivered"))))
def test_the_furthest_status_wins_in_any_order(outbox: Outbox, sent: tuple[UUID, str], order: tuple[str, ...]) -> None:
    for status in (*order, *order):
        assert outbox.callback(*sent, status)
    row = outbox.row(sent[0])
    assert (row.state, row.sid, row.conflict) == ("delivered", sent[1], None)
    assert outbox.flags() == []


SIX = ("queued", "sending", "sent", "delivered", "undelivered", "failed")


@pytest.mark.soak
def test_six_statuses_end_alike_in_all_their_720_orders(
    outbox: Outbox, database: Connection, sent: tuple[UUID, str], samples: Callable[[int, int], int]
) -> None:
    orders = Random(720).sample(list(permutations(SIX)), samples(8, 720))
    ends = set()
    for order in orders:
        with undone(database):
            for status in order:
                assert outbox.callback(*sent, status, HANDSET_OFF if status in ("undelivered", "failed") else None)
            row = outbox.row(sent[0])
            ends.add((row.state, row.sid, row.error_code, row.conflict, len(outbox.flags()), outbox.contact_channel()))
    assert ends == {("delivered", sent[1], None, "undelivered", 0, "sms")}


def test_two_endings_that_cannot_both_be_true_are_noted_as_a_conflict(outbox: Outbox, sent: tuple[UUID, str]) -> None:
    outbox.callback(*sent, "delivered")
    outbox.callback(*sent, "undelivered", HANDSET_OFF)
    row = outbox.row(sent[0])
    assert (row.state, row.conflict) == ("delivered", "undelivered")


@pytest.mark.parametrize(
    ("code", "state", "channel"),
    [(LANDLINE, "active", "voice"), (NO_HANDSET, "active", "voice"), (STOPPED, "opted_out", "sms")],
)
def test_a_phone_that_no_text_can_reach_is_marked_and_flagged_once(
    outbox: Outbox, sent: tuple[UUID, str], code: int, state: str, channel: str
) -> None:
    for status in ("sent", "undelivered", "undelivered", "failed"):
        outbox.callback(*sent, status, code)
    row = outbox.row(sent[0])
    assert (row.state, row.error_code) == ("undelivered", code)
    assert (outbox.contact_state(), outbox.contact_channel()) == (state, channel)
    [flag] = outbox.flags()
    assert (flag.family, flag.tier, flag.repeats) == ("delivery", "today", 0)
    assert flag.patient_id == outbox.patient.id


@pytest.mark.parametrize("code", [LANDLINE, NO_HANDSET, NOT_MOBILE])
def test_a_landline_that_two_patients_share_is_called_for_both_and_both_teams_are_told(
    outbox: Outbox, code: int
) -> None:
    other = make_patient(outbox.clinic, given_name="Borvin", family_name="Samplewick", phone=outbox.patient.phone)
    message_id = outbox.queue()
    if code == NOT_MOBILE:  # known before anything is sent
        outbox.carrier.script.append(Rejected(code, "recipient_permanent"))
        outbox.work()
    else:
        outbox.work()
        outbox.callback(message_id, str(outbox.row(message_id).sid), "undelivered", code)
    assert {link.channel for link in outbox.links()} == {"voice"}
    assert {(flag.patient_id, flag.episode_id, flag.rule, flag.family, flag.tier) for flag in outbox.flags()} == {
        (person.id, person.episode_id, "unreachable_phone", "delivery", "today") for person in (outbox.patient, other)
    }


def test_two_texts_that_did_not_arrive_are_a_flag_for_everybody_on_the_phone(outbox: Outbox) -> None:
    other = make_patient(outbox.clinic, given_name="Borvin", family_name="Samplewick", phone=outbox.patient.phone)
    elsewhere = make_patient(outbox.clinic, given_name="Pell", phone="+12125550163")
    for _ in range(2):
        undelivered(outbox)
    told = {flag.patient_id for flag in outbox.flags()}
    assert told == {outbox.patient.id, other.id}
    assert elsewhere.id not in told


def test_who_was_asked_to_join_on_a_landline_is_called_from_then_on(outbox: Outbox, sent: tuple[UUID, str]) -> None:
    outbox.mark("contact_point", state="invited")
    outbox.callback(*sent, "undelivered", LANDLINE)
    assert (outbox.contact_state(), outbox.contact_channel()) == ("invited", "voice")
    assert [flag.rule for flag in outbox.flags()] == ["unreachable_phone"]


def test_a_passing_failure_leaves_the_phone_as_it_was(outbox: Outbox, sent: tuple[UUID, str]) -> None:
    outbox.callback(*sent, "undelivered", HANDSET_OFF)
    assert outbox.row(sent[0]).state == "undelivered"
    assert outbox.contact_state() == "active"
    assert outbox.flags() == []


def test_a_text_that_expired_in_the_carriers_queue_says_nothing_of_the_phone(
    outbox: Outbox, sent: tuple[UUID, str]
) -> None:
    outbox.callback(*sent, "failed", EXPIRED)
    assert (outbox.row(sent[0]).state, outbox.row(sent[0]).error_code) == ("failed", EXPIRED)
    assert (outbox.contact_state(), outbox.contact_channel(), outbox.flags()) == ("active", "sms", [])
    assert not outbox.is_queued(sent[0]), "it is not sent again: it would be stale"


def test_a_status_that_is_unknown_to_us_changes_nothing(outbox: Outbox, sent: tuple[UUID, str]) -> None:
    before = outbox.row(sent[0])
    assert outbox.callback(*sent, "teleported")
    assert outbox.row(sent[0]) == before


def test_a_status_that_is_unknown_to_us_takes_no_text_out_of_the_queue(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.die_after("call")
    [sid] = outbox.carrier.taken
    assert outbox.callback(message_id, sid, "teleported")
    assert outbox.is_queued(message_id)
    row = outbox.work_until_settled(message_id)
    assert (row.state, row.sid, len(outbox.carrier.offered)) == ("accepted", sid, 1)


def test_a_callback_with_the_id_of_another_text_is_not_ours(outbox: Outbox, sent: tuple[UUID, str]) -> None:
    before = outbox.row(sent[0])
    assert not outbox.callback(sent[0], "SM" + "f" * 32, "delivered")
    assert not outbox.callback(new_id(), sent[1], "delivered")
    assert outbox.row(sent[0]) == before


def test_a_callback_for_a_clinic_that_is_not_there_is_refused(outbox: Outbox) -> None:
    with (
        outbox.clinic.app.app_context(),
        pytest.raises(NotFound),
        clinic_transaction(new_id(), outbox.clinic.wiring.vaults),
    ):
        pass


def test_a_text_that_was_stopped_here_but_left_all_the_same_is_followed(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.mark("message", state="suppressed")
    assert outbox.callback(message_id, "SM" + "a" * 32, "sent")
    assert (outbox.row(message_id).state, outbox.row(message_id).sid) == ("sent", "SM" + "a" * 32)
    assert not outbox.is_queued(message_id)


# what a failure teaches


def undelivered(outbox: Outbox, code: int = HANDSET_OFF) -> UUID:
    """One more text that the carrier took and could not deliver."""
    message_id = outbox.queue()
    outbox.work()
    outbox.clock.forward(minutes=1)
    assert outbox.callback(message_id, str(outbox.row(message_id).sid), "undelivered", code)
    return message_id


def sender_note(outbox: Outbox) -> Row[Any]:
    with outbox.clinic.app.app_context():
        [row] = list_senders()
    return row


def test_two_texts_in_a_row_that_did_not_arrive_are_a_flag(outbox: Outbox) -> None:
    undelivered(outbox)
    assert outbox.flags() == []
    undelivered(outbox)
    [flag] = outbox.flags()
    assert (flag.family, flag.tier, flag.rule) == ("delivery", "today", "MS-03")
    assert flag.episode_id == outbox.patient.episode_id
    undelivered(outbox)
    assert len(outbox.flags()) == 1


def test_a_text_that_arrived_in_between_ends_the_row(outbox: Outbox) -> None:
    undelivered(outbox)
    arrived = outbox.queue()
    outbox.work()
    outbox.callback(arrived, str(outbox.row(arrived).sid), "delivered")
    outbox.clock.forward(minutes=1)
    undelivered(outbox)
    assert outbox.flags() == []


def test_a_stop_at_the_carrier_goes_into_the_ledger_with_everything_that_was_waiting(outbox: Outbox) -> None:
    waiting = outbox.queue("ask_pain_again", "conversation", due_at=outbox.clock.now + timedelta(minutes=30))
    undelivered(outbox, STOPPED)
    assert (outbox.contact_state(), outbox.row(waiting).state) == ("opted_out", "suppressed")
    assert not outbox.is_queued(waiting)
    with outbox.clinic.open() as scope:
        ledger = tables.consent
        last = scope.connection.execute(select(ledger).order_by(ledger.c.recorded_at.desc()).limit(1)).one()
    assert (last.granted, last.purpose, last.source) == (False, "all_texts", "carrier")


def test_a_filtered_text_is_counted_for_the_operator_and_written_down_without_its_words(
    outbox: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    message_id = undelivered(outbox, FILTERED)
    assert sender_note(outbox).filtered == 1
    said = [line for line in capsys.readouterr().out.splitlines() if "text.filtered" in line]
    assert len(said) == 1
    assert str(message_id) in said[0]
    assert outbox.patient.phone not in said[0]
    assert outbox.flags() == []


def test_a_number_that_the_carrier_has_not_registered_stops_sending_and_keeps_its_texts(outbox: Outbox) -> None:
    undelivered(outbox, UNREGISTERED)
    kept = outbox.queue()
    assert outbox.work() == 0
    assert outbox.row(kept).state == "planned"
    assert (sender_note(outbox).last_code, sender_note(outbox).opened_at) == (UNREGISTERED, outbox.real.now)

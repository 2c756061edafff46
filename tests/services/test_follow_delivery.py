"""Callbacks settle a text whatever their order, and a phone that cannot be reached becomes a flag."""

from itertools import permutations
from uuid import UUID

import pytest

from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import NotFound
from recovery_api.ids import new_id
from tests.services.outbox import Outbox

LANDLINE, STOPPED, FULL_INBOX = 30006, 21610, 30003


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


def test_two_endings_that_cannot_both_be_true_are_noted_as_a_conflict(outbox: Outbox, sent: tuple[UUID, str]) -> None:
    outbox.callback(*sent, "delivered")
    outbox.callback(*sent, "undelivered", FULL_INBOX)
    row = outbox.row(sent[0])
    assert (row.state, row.conflict) == ("delivered", "undelivered")


@pytest.mark.parametrize(("code", "state"), [(LANDLINE, "unusable"), (STOPPED, "opted_out")])
def test_a_phone_that_no_text_can_reach_is_marked_and_flagged_once(
    outbox: Outbox, sent: tuple[UUID, str], code: int, state: str
) -> None:
    for status in ("sent", "undelivered", "undelivered", "failed"):
        outbox.callback(*sent, status, code)
    row = outbox.row(sent[0])
    assert (row.state, row.error_code) == ("undelivered", code)
    assert outbox.contact_state() == state
    [flag] = outbox.flags()
    assert (flag.family, flag.tier, flag.repeats) == ("delivery", "today", 0)
    assert flag.patient_id == outbox.patient.id


def test_a_passing_failure_leaves_the_phone_as_it_was(outbox: Outbox, sent: tuple[UUID, str]) -> None:
    outbox.callback(*sent, "undelivered", FULL_INBOX)
    assert outbox.row(sent[0]).state == "undelivered"
    assert outbox.contact_state() == "active"
    assert outbox.flags() == []


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

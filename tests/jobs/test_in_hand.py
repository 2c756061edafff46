"""After trouble with the database a sender gives back what no thread of it has in hand, and only that."""

from concurrent.futures import Future

import pytest
from sqlalchemy import select

from jobs.in_hand import InHand
from recovery_api.models import tables
from recovery_api.services.claim_work import Claim, claim_work
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from tests.builders import NOW, PatientPersona

MINE, ANOTHERS = "tests:0:0", "tests:0:1"


@pytest.fixture
def three_texts(ann: PatientPersona) -> None:
    with ann.clinic.open() as scope:
        texts = [Outgoing(Recipient(ann.phone, "en", patient_id=ann.id), "service", "ask_pain_again")] * 3
        assert len(queue_texts(scope, texts, NOW)) == 3


def claim(ann: PatientPersona, holder: str) -> Claim:
    with ann.clinic.app.app_context():
        [taken] = claim_work("send_bulk", holder, NOW, 1)
    return taken


def held(ann: PatientPersona) -> set[str | None]:
    with ann.clinic.open() as scope:
        work = tables.due_work
        return set(scope.connection.execute(select(work.c.holder).where(work.c.kind == "send_bulk")).scalars())


@pytest.mark.usefixtures("three_texts")
def test_what_was_lost_with_the_database_is_given_back_once_all_who_were_at_work_have_ended(
    ann: PatientPersona,
) -> None:
    in_hand, at_work = InHand("bulk", MINE), Future[int]()
    in_hand.add(at_work, claim(ann, MINE))
    claim(ann, ANOTHERS)
    with ann.clinic.app.app_context():
        in_hand.note_trouble()
        assert in_hand.settle_trouble() == 0
        at_work.set_result(0)
        assert in_hand.settle_trouble() == 1
        assert in_hand.settle_trouble() == 0
    assert held(ann) == {None, ANOTHERS}


@pytest.mark.usefixtures("three_texts")
def test_what_was_taken_in_hand_after_the_trouble_is_kept(ann: PatientPersona) -> None:
    in_hand = InHand("bulk", MINE)
    claim(ann, MINE)  # its answer never came
    in_hand.note_trouble()
    in_hand.add(Future[int](), claim(ann, MINE))
    with ann.clinic.app.app_context():
        assert in_hand.settle_trouble() == 1
    assert held(ann) == {None, MINE}


@pytest.mark.usefixtures("three_texts")
def test_without_trouble_nothing_is_given_back(ann: PatientPersona) -> None:
    claim(ann, MINE)
    with ann.clinic.app.app_context():
        assert InHand("bulk", MINE).settle_trouble() == 0
    assert held(ann) == {None, MINE}

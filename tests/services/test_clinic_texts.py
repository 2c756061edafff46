"""A clinic's own words: two people, one linter, a history that stays, and no statement where there are none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select, update

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.texts import message_pack
from recovery_api.services import clinic_texts
from recovery_api.services.clinic_texts import texts_of
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.read_texts import read_texts, read_wordings
from recovery_api.services.receive_sms import ReceivedText, receive_sms
from recovery_api.services.record_audit import Actor
from recovery_api.services.sign_texts import Proposal, propose_wording, refuse_wording, sign_wording
from tests.builders import BuiltClinic, PatientPersona, make_clinician

OWN = "Got it: {n}. Wrong? Text FIX and the right number."
SAVED = Proposal("saved", "en", OWN)


@pytest.fixture
def people(clinic: BuiltClinic) -> dict[str, Actor]:
    roles = {"lead": "lead", "second": "lead", "clinician": "clinician", "nurse": "nurse"}
    return {name: Actor("clinician", make_clinician(clinic, role).id, role) for name, role in roles.items()}


def now(clinic: BuiltClinic) -> Any:
    return clinic.wiring.clock.now()


def change(clinic: BuiltClinic, people: dict[str, Actor], proposal: Proposal = SAVED, signer: str = "clinician") -> int:
    """Propose and sign; returns the clinic's new version of its texts."""
    with clinic.open() as scope:
        wording_id = propose_wording(scope, proposal, people["lead"], now(clinic))
    with clinic.open() as scope:
        return sign_wording(scope, wording_id, people[signer], now(clinic))


def words_in_use(clinic: BuiltClinic, key: str = "saved", language: str = "en") -> str:
    with clinic.open() as scope:
        return texts_of(scope).text(key, language)


@contextmanager
def statements(database: Connection) -> Iterator[list[str]]:
    """What SQLAlchemy asks the database meanwhile."""
    asked: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_words_are_used_after_the_second_signature_and_not_before(
    clinic: BuiltClinic, people: dict[str, Actor]
) -> None:
    with clinic.open() as scope:
        wording_id = propose_wording(scope, SAVED, people["lead"], now(clinic))
    assert words_in_use(clinic) == message_pack().text("saved", "en")
    with clinic.open() as scope:
        assert sign_wording(scope, wording_id, people["clinician"], now(clinic)) == 1
    assert words_in_use(clinic) == OWN
    assert words_in_use(clinic, language="es") == message_pack().text("saved", "es")


def test_who_proposed_words_cannot_sign_them(clinic: BuiltClinic, people: dict[str, Actor]) -> None:
    with clinic.open() as scope:
        wording_id = propose_wording(scope, SAVED, people["lead"], now(clinic))
    with pytest.raises(NotAllowed, match="somebody else"), clinic.open() as scope:
        sign_wording(scope, wording_id, people["lead"], now(clinic))
    assert words_in_use(clinic) != OWN
    with clinic.open() as scope:
        sign_wording(scope, wording_id, people["second"], now(clinic))
    assert words_in_use(clinic) == OWN


def test_a_nurse_neither_proposes_nor_signs_and_a_clinician_does_not_propose(
    clinic: BuiltClinic, people: dict[str, Actor]
) -> None:
    for who in ("nurse", "clinician"):
        with pytest.raises(NotAllowed), clinic.open() as scope:
            propose_wording(scope, SAVED, people[who], now(clinic))
    with pytest.raises(NotAllowed):
        change(clinic, people, signer="nurse")
    assert words_in_use(clinic) != OWN


@pytest.mark.parametrize(
    ("proposal", "complaint"),
    [
        (Proposal("saved", "en", "Saved."), "lost {n}"),
        (Proposal("saved", "en", "Saved {n}. Right? Reply YES, or FIX 7."), "uses YES as an answer"),
        (Proposal("saved", "en", "Saved {n} after your vertebroplasty. FIX."), "names 'vertebroplasty'"),
        (Proposal("saved", "es", "Guardó {n}. Escriba CORRIJO."), "'ó' at 5 is not in GSM-7"),
        (Proposal("saved", "en", "Saved {n}. Text FIX. " + "x" * 470), "at most 480"),
        (Proposal("saved", "en", OWN, 3), "must be 1 or 2"),
        (Proposal("saved", "fr", OWN), "must be one of en, es"),
        (Proposal("nonsense", "en", OWN), "no text of the product"),
    ],
    ids=["value", "answer", "diagnosis", "letters", "length", "segments", "language", "key"],
)
def test_words_that_the_linter_refuses_are_not_even_proposed(
    clinic: BuiltClinic, people: dict[str, Actor], proposal: Proposal, complaint: str
) -> None:
    with pytest.raises(Invalid, match=complaint), clinic.open() as scope:
        propose_wording(scope, proposal, people["lead"], now(clinic))
    with clinic.open() as scope:
        assert read_wordings(scope) == []


LONG = "Sunny Meadows Regional Spine and Bone Clinic"
FULL = Proposal("help", "en", "{clinic}: call {phone}, or {emergency} now. STOP ends it. " + "Rest. " * 11)


def rename(clinic: BuiltClinic, name: str) -> None:
    with clinic.open() as scope:
        scope.connection.execute(update(tables.clinic).values(name=name))


def test_words_are_measured_with_the_clinics_own_name_where_that_is_longer_than_any(
    clinic: BuiltClinic, people: dict[str, Actor]
) -> None:
    rename(clinic, LONG)
    with pytest.raises(Invalid, match="takes 2 segments"), clinic.open() as scope:
        propose_wording(scope, FULL, people["lead"], now(clinic))
    rename(clinic, "Bay")
    assert change(clinic, people, FULL) == 1


def test_words_that_have_come_to_be_unfit_are_not_signed(clinic: BuiltClinic, people: dict[str, Actor]) -> None:
    with clinic.open() as scope:
        wording_id = propose_wording(scope, FULL, people["lead"], now(clinic))
    rename(clinic, LONG)
    with pytest.raises(Invalid, match="takes 2 segments"), clinic.open() as scope:
        sign_wording(scope, wording_id, people["clinician"], now(clinic))
    with clinic.open() as scope:
        assert [one.state for one in read_wordings(scope)] == ["waiting"]
        assert texts_of(scope).version == message_pack().version


def test_two_segments_may_be_agreed_on_and_are_signed_with_the_words(
    clinic: BuiltClinic, people: dict[str, Actor]
) -> None:
    body = "Gracias, el {n} se guardó. ¿No está bien? Escriba CORRIJO y la cifra correcta."
    assert change(clinic, people, Proposal("saved", "es", body, 2)) == 1
    with clinic.open() as scope:
        [text] = [one for one in read_texts(scope, "es") if one.key == "saved"]
    assert (text.encoding, text.segments, text.is_own) == ("UCS-2", 2, True)


def test_words_are_made_plain_and_their_lines_kept(clinic: BuiltClinic, people: dict[str, Actor]) -> None:
    change(clinic, people, Proposal("saved", "en", " It\u2019s {n}.\r\nWrong? Text FIX. \n"))
    assert words_in_use(clinic) == "It's {n}.\nWrong? Text FIX."


def test_one_change_of_a_text_waits_at_a_time(clinic: BuiltClinic, people: dict[str, Actor]) -> None:
    with clinic.open() as scope:
        first = propose_wording(scope, SAVED, people["lead"], now(clinic))
    with pytest.raises(Conflict, match="wait for a signature"), clinic.open() as scope:
        propose_wording(scope, SAVED, people["second"], now(clinic))
    with clinic.open() as scope:
        propose_wording(scope, Proposal("urgent", "en", None), people["second"], now(clinic))
        refuse_wording(scope, first, people["lead"], now(clinic))
        propose_wording(scope, SAVED, people["second"], now(clinic))


def test_what_was_decided_stays_decided(clinic: BuiltClinic, people: dict[str, Actor]) -> None:
    change(clinic, people)
    with clinic.open() as scope:
        [record] = read_wordings(scope)
    for deed in (sign_wording, refuse_wording):
        with pytest.raises(Conflict, match="signed already"), clinic.open() as scope:
            deed(scope, record.id, people["second"], now(clinic))
    with pytest.raises(NotFound), clinic.open() as scope:
        sign_wording(scope, new_id(), people["second"], now(clinic))


def test_the_shipped_words_come_back_by_two_signatures_and_the_history_stays(
    clinic: BuiltClinic, people: dict[str, Actor]
) -> None:
    change(clinic, people)
    assert change(clinic, people, Proposal("saved", "en", "Now {n}. Wrong? Text FIX again.")) == 2
    assert change(clinic, people, Proposal("saved", "en", None)) == 3
    assert words_in_use(clinic) == message_pack().text("saved", "en")
    with clinic.open() as scope:
        assert [one.state for one in read_wordings(scope)] == ["in_effect", "replaced", "replaced"]
        assert {one.decided_by for one in read_wordings(scope)} == {"Made-up clinician"}
        audit = tables.audit_event
        written = scope.connection.execute(
            select(audit.c.action).where(audit.c.clinic_id == clinic.id, audit.c.subject_kind == "wording")
        )
        assert sorted(written.scalars()) == ["wording.proposed"] * 3 + ["wording.signed"] * 3


def test_another_clinic_keeps_the_shipped_words(
    clinic: BuiltClinic, other_clinic: BuiltClinic, people: dict[str, Actor]
) -> None:
    change(clinic, people)
    assert words_in_use(other_clinic) == message_pack().text("saved", "en")
    with other_clinic.open() as scope:
        assert read_wordings(scope) == []


def test_a_text_is_queued_in_the_signed_words_and_remembers_their_version(
    ann: PatientPersona, people: dict[str, Actor]
) -> None:
    change(ann.clinic, people)
    with ann.clinic.open() as scope:
        recipient = Recipient(ann.phone, "en", patient_id=ann.id)
        [message_id] = queue_texts(scope, [Outgoing(recipient, "conversation", "saved", {"n": "4"})], now(ann.clinic))
    body, version = sent(ann.clinic, message_id)
    assert body == "Got it: 4. Wrong? Text FIX and the right number."
    assert version == f"{message_pack().version}+1"


def test_a_clinicians_curly_words_are_queued_as_they_will_be_sent(ann: PatientPersona) -> None:
    with ann.clinic.open() as scope:
        outgoing = Outgoing(Recipient(ann.phone, "en"), "service", own_words="It\u2019s \u201cdone\u201d\u2026")
        [message_id] = queue_texts(scope, [outgoing], now(ann.clinic))
    assert sent(ann.clinic, message_id)[0] == 'It\'s "done"...'


def sent(clinic: BuiltClinic, message_id: Any) -> tuple[str, str | None]:
    with clinic.open() as scope:
        message = tables.message
        row = scope.connection.execute(
            select(message.c.body_sealed, message.c.text_version).where(message.c.id == message_id)
        ).one()
        return scope.vault.open("message.body", message_id, row.body_sealed), row.text_version


def answer(patient: PatientPersona, body: str) -> None:
    clinic = patient.clinic
    with clinic.app.app_context():
        receive_sms(
            ReceivedText(f"SM{new_id().hex}", patient.phone, clinic.number, body), clinic.wiring.vaults, now(clinic)
        )


def test_an_answer_is_given_in_the_signed_words(ann: PatientPersona, people: dict[str, Actor]) -> None:
    change(ann.clinic, people)
    answer(ann, "4")
    with ann.clinic.open() as scope:
        message = tables.message
        rows = scope.connection.execute(
            select(message.c.id, message.c.body_sealed).where(
                message.c.direction == "out", message.c.patient_id == ann.id
            )
        )
        bodies = [scope.vault.open("message.body", row.id, row.body_sealed) for row in rows]
    assert "Got it: 4. Wrong? Text FIX and the right number." in bodies


def test_a_clinic_without_words_of_its_own_costs_no_statement_and_one_with_them_one_a_process(
    clinic: BuiltClinic, people: dict[str, Actor], database: Connection
) -> None:
    with clinic.open() as scope, statements(database) as asked:
        texts_of(scope)
        assert asked == []
    change(clinic, people)
    with clinic.open() as scope, statements(database) as asked:
        texts_of(scope)
        texts_of(scope)
    assert len([one for one in asked if "wording" in one]) == 1
    with clinic.open() as scope, statements(database) as asked:
        texts_of(scope)
        assert asked == []


def test_words_signed_later_are_not_seen_by_a_transaction_that_began_before(
    clinic: BuiltClinic, people: dict[str, Actor]
) -> None:
    change(clinic, people)
    clinic_texts._kept.clear()
    with clinic.open() as scope:
        old: ClinicScope = scope
        wording_id = propose_wording(scope, Proposal("saved", "en", "New {n}. Text FIX."), people["lead"], now(clinic))
        sign_wording(scope, wording_id, people["second"], now(clinic))
        assert texts_of(old).text("saved", "en") == OWN
    assert words_in_use(clinic) == "New {n}. Text FIX."


def test_words_that_a_newer_pack_cannot_fill_in_give_way_to_the_shipped_ones(
    clinic: BuiltClinic, people: dict[str, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(clinic, people)
    newer = message_pack().with_own("2", {("en", "saved"): "We saved {n} at {time}."})
    monkeypatch.setattr(clinic_texts, "message_pack", lambda: newer)
    clinic_texts._kept.clear()
    assert words_in_use(clinic) == "We saved {n} at {time}."
    clinic_texts._kept.clear()

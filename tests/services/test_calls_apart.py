"""One landline that two patients of two clinics have: a call and its answers stay in the clinic that it belongs to."""

import pytest
from sqlalchemy import update

from recovery_api.domain.errors import NotFound
from recovery_api.models import tables
from recovery_api.services.answer_call import Keys, hear_keys
from recovery_api.services.end_call import follow_call
from tests.builders import BuiltClinic, ClockHand, PatientPersona, make_patient
from tests.services.call_line import CallLine, ScriptedExchange
from tests.services.scripted_carrier import RealTime


@pytest.fixture
def lines(
    real: RealTime, ann: PatientPersona, other_clinic: BuiltClinic, clock: ClockHand, monkeypatch: pytest.MonkeyPatch
) -> tuple[CallLine, CallLine]:
    """Annwyl's landline as Harbour Clinic knows it, and Odo's, the same one, as Meadow Clinic does."""
    odo = make_patient(other_clinic, given_name="Odo", family_name="Quillfeather", phone=ann.phone)
    exchange = ScriptedExchange()
    monkeypatch.setitem(ann.clinic.wiring.__dict__, "calls", exchange)
    both = CallLine(ann, exchange, clock), CallLine(odo, exchange, clock)
    for line in both:
        line.be_a_landline()
    return both


def ring_both(lines: tuple[CallLine, CallLine]) -> tuple[CallLine, CallLine]:
    """Each clinic's own call rings at that phone."""
    lines[0].due()
    lines[0].place()
    return lines


def states(line: CallLine) -> set[str]:
    return {row.state for row in line.rows("contact_point")}


def test_a_call_to_one_clinic_is_about_its_own_patient_and_nobody_is_asked_whose_it_is(
    lines: tuple[CallLine, CallLine],
) -> None:
    ours, theirs = lines
    for line, name, score in ((ours, "Harbour Clinic", "3"), (theirs, "Meadow Clinic", "8")):
        spoken = line.call_in()
        words = " ".join((*spoken.told, *spoken.asked))
        assert name in words
        assert "Who is this call about" not in words
        line.press(spoken, "1", score, "1")
    assert [row.pain for row in ours.rows("check_in")] == [3]
    assert [row.pain for row in theirs.rows("check_in")] == [8]
    assert {row.patient_id for row in ours.calls()} == {ours.patient.id}
    assert {row.patient_id for row in theirs.calls()} == {theirs.patient.id}


def test_each_clinics_own_call_rings_and_names_its_own_patient(lines: tuple[CallLine, CallLine]) -> None:
    ours, theirs = ring_both(lines)
    assert {(call.from_, call.to) for call in ours.exchange.made.values()} == {
        (ours.clinic.number, ours.patient.phone), (theirs.clinic.number, ours.patient.phone),
    }  # fmt: skip
    for line, named, other in ((ours, "Annwyl", "Odo"), (theirs, "Odo", "Annwyl")):
        asked = " ".join(line.pick_up().asked)
        assert named in asked
        assert other not in asked


def test_keys_and_ends_of_one_clinics_call_change_nothing_in_the_other(lines: tuple[CallLine, CallLine]) -> None:
    ours, theirs = ring_both(lines)
    [call] = ours.calls()
    ours.pick_up()
    vaults, now = ours.clinic.wiring.vaults, ours.clock.now
    with ours.clinic.app.app_context():
        with pytest.raises(NotFound):
            hear_keys(theirs.clinic.id, call.id, call.sid, Keys(0, "1"), vaults, now)
        assert follow_call(theirs.clinic.id, call.id, call.sid, "completed", vaults, now) is False
    [still] = ours.calls()
    assert (still.ended_at, still.step) == (None, 0)
    assert [(row.answered_at, row.ended_at) for row in theirs.calls()] == [(None, None)]


@pytest.mark.parametrize(("key", "state"), [("9", "opted_out"), ("3", "opted_out")])
def test_who_stops_one_clinics_calls_stops_no_other_clinics(
    lines: tuple[CallLine, CallLine], key: str, state: str
) -> None:
    ours, theirs = ring_both(lines)
    ours.press(ours.pick_up(), key)
    assert states(ours) == {state}
    assert states(theirs) == {"active"}
    assert theirs.flags() == []


def test_where_one_person_took_anothers_place_on_a_phone_during_a_call_nobody_is_guessed(
    lines: tuple[CallLine, CallLine],
) -> None:
    ours, _ = lines
    borvin = make_patient(ours.clinic, given_name="Borvin", family_name="Samplewick", phone=ours.patient.phone)
    spoken = ours.call_in()
    with ours.clinic.open() as scope:
        point = tables.contact_point
        gone = update(point).where(point.c.patient_id == ours.patient.id).values(state="wrong_person")
        scope.connection.execute(gone)
    make_patient(ours.clinic, given_name="Norbert", family_name="Ofsted", phone=ours.patient.phone)
    assert ours.press(spoken, "1").dial is not None, "one was Annwyl and would be Borvin now"
    [call] = ours.calls()
    assert call.patient_id is None
    assert borvin.id not in {row.patient_id for row in ours.calls()}

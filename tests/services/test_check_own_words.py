"""A clinician's words where somebody's name cannot be opened: the others are known still, and all are written to."""

from typing import Any

import pytest
from sqlalchemy import update

from recovery_api.domain.errors import PrivateWords
from recovery_api.models import tables
from recovery_api.services.check_own_words import check_own_words
from tests.builders import PatientPersona, Persona, make_patient

BROKEN = b"nobody sealed this"


@pytest.fixture
def borvin(ann: PatientPersona) -> PatientPersona:
    """Another patient of the clinic, Borvin Samplewick."""
    return make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone="+12125550177")


def spoil(who: Persona, table: str, **values: bytes) -> None:
    """What is sealed cannot be opened any more."""
    chosen = getattr(tables, table)
    with who.clinic.open() as scope:
        scope.connection.execute(update(chosen).where(chosen.c.id == who.id).values(**values))


def refused(patient: PatientPersona, words: str) -> tuple[str, ...]:
    """The names for which words to this patient are refused."""
    with patient.clinic.open() as scope:
        try:
            check_own_words(scope, patient.id, words)
        except PrivateWords as private:
            return tuple(private.in_full.partition("without: ")[2].split(", "))
    return ()


@pytest.mark.parametrize(
    ("spoilt", "words", "names"),
    [
        ({"family_name_sealed": BROKEN}, "Mr. Samplewick and Borvin will come.", ("Borvin",)),
        ({"given_name_sealed": BROKEN}, "Mr. Samplewick and Borvin will come.", ("Samplewick",)),
        ({"given_name_sealed": BROKEN, "family_name_sealed": BROKEN}, "Mr. Samplewick and Borvin will come.", ()),
        ({"family_name_sealed": BROKEN}, "Please call us, Annwyl.", ("Annwyl",)),
    ],
)
def test_a_name_that_cannot_be_opened_hides_no_other_and_stops_no_text(
    ann: PatientPersona,
    borvin: PatientPersona,
    capsys: pytest.CaptureFixture[str],
    spoilt: dict[str, bytes],
    words: str,
    names: tuple[str, ...],
) -> None:
    spoil(borvin, "patient", **spoilt)
    assert refused(ann, words) == names
    said = capsys.readouterr().out
    assert said.count("name.unreadable") == len(spoilt)
    assert str(borvin.id) in said
    for name in ("Borvin", "Samplewick", "Annwyl", "nobody sealed"):
        assert name not in said


def test_the_own_name_of_whoever_is_written_to_may_be_the_broken_one(
    ann: PatientPersona, borvin: PatientPersona
) -> None:
    spoil(ann, "patient", given_name_sealed=BROKEN, family_name_sealed=BROKEN)
    assert refused(ann, "Your visit is at nine.") == ()
    assert refused(ann, "Mr. Samplewick will call you.") == ("Samplewick",)


def test_a_colleague_whose_name_cannot_be_opened_lets_no_patients_name_through(
    ann: PatientPersona, borvin: PatientPersona, ben: Persona
) -> None:
    spoil(ben, "clinician", name_sealed=BROKEN)
    assert refused(ann, "Mr. Samplewick will call you.") == ("Samplewick",)


def test_a_text_leaves_by_the_api_though_another_patients_name_is_broken(
    ann: PatientPersona, borvin: PatientPersona, ben: Persona
) -> None:
    spoil(borvin, "patient", given_name_sealed=BROKEN)
    sent: Any = ben.post(f"/patients/{ann.id}/messages", json={"body": "Your visit is at nine."})
    assert sent.status_code == 201

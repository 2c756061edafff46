"""A flag that a process keeps is read again as soon as anything in it changed, and only then."""

from datetime import timedelta

from sqlalchemy import update

from recovery_api.clinic.kept_totals import MANY, keep_total, kept_total
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, acknowledge_flag
from recovery_api.services.read_flags import FlagFacts
from recovery_api.services.read_worklist import read_worklist
from tests.builders import NOW, BuiltClinic, PatientPersona, Persona, record


def only_flag(clinic: BuiltClinic) -> FlagFacts:
    """The one flag of the list, as a look at it finds it."""
    with clinic.open() as scope:
        (entry,) = read_worklist(scope, NOW).entries
    return entry.flags[0]


def change(clinic: BuiltClinic, **values: object) -> None:
    """Change the flag, its version left as it is."""
    with clinic.open() as scope:
        scope.connection.execute(update(tables.flag).where(tables.flag.c.clinic_id == clinic.id).values(**values))


def test_an_unchanged_flag_is_not_read_again_and_a_changed_one_is(clinic: BuiltClinic, ann: PatientPersona) -> None:
    record(ann, 6, symptoms=("fever",))
    before = only_flag(clinic)
    assert only_flag(clinic) is before
    change(clinic, repeats=4)
    assert only_flag(clinic).repeats == 4
    change(clinic, repeats=before.repeats)
    assert only_flag(clinic) == before


def test_two_changes_in_one_transaction_are_both_seen(clinic: BuiltClinic, ann: PatientPersona) -> None:
    record(ann, 6, symptoms=("fever",))
    mine = update(tables.flag).where(tables.flag.c.clinic_id == clinic.id)
    with clinic.open() as scope:
        for repeats in (7, 8):
            scope.connection.execute(mine.values(repeats=repeats))
            (entry,) = read_worklist(scope, NOW).entries
            assert entry.flags[0].repeats == repeats


def test_a_new_name_of_its_owner_is_seen_although_the_flag_is_the_same(
    clinic: BuiltClinic, ann: PatientPersona, ben: Persona
) -> None:
    record(ann, 6, symptoms=("fever",))
    with clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, only_flag(clinic).id, None), NOW)
    assert only_flag(clinic).owner != "Renamed Nurse"
    clinician = tables.clinician
    with clinic.open() as scope:
        name = scope.seal("clinician.name", ben.id, "Renamed Nurse")
        scope.connection.execute(update(clinician).where(clinician.c.id == ben.id).values(name_sealed=name))
    assert only_flag(clinic).owner == "Renamed Nurse"


def test_a_total_is_kept_for_its_minute_and_only_where_there_are_many(clinic: BuiltClinic) -> None:
    keep_total(clinic.id, NOW, MANY - 1)
    assert kept_total(clinic.id, NOW) is None
    keep_total(clinic.id, NOW, MANY)
    assert kept_total(clinic.id, NOW) == MANY
    assert kept_total(clinic.id, NOW + timedelta(minutes=1)) is None
    with clinic.open() as scope:
        assert read_worklist(scope, NOW).total_patients < MANY == read_worklist(scope, NOW, MANY).total_patients

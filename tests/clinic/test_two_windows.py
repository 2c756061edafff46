"""Two windows on one flag: who was first is told, and what the second wrote is still there."""

import re
from uuid import UUID

import pytest

from recovery_api.services.read_flags import FlagQuery, read_flags
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician, record
from tests.clinic.visitor import Visitor

NOTE = "Rang at length; she <walks> again."


@pytest.fixture
def nurse(ben: Persona) -> Visitor:
    """Ben's browser."""
    return Visitor(ben)


@pytest.fixture
def second(clinic: BuiltClinic) -> Visitor:
    """A colleague's browser."""
    return Visitor(make_clinician(clinic, "nurse"))


@pytest.fixture
def flagged(ann: PatientPersona) -> UUID:
    """A flag of Ann's."""
    record(ann, 6, symptoms=("leg_weakness",))
    with ann.clinic.open() as scope:
        return read_flags(scope, FlagQuery())[0].id


def test_a_note_that_came_second_is_shown_again_with_who_was_first(
    nurse: Visitor, second: Visitor, flagged: UUID
) -> None:
    path = f"/flags/{flagged}/resolve"
    form = second.read(path)
    assert nurse.post(f"/flags/{flagged}/acknowledge").status_code == 303
    version = re.search(r'name="version" value="(\d+)"', form)
    assert version is not None
    answer = second.post(path, outcome="visit_booked", note=NOTE, version=version[1], back="patient")
    assert answer.status_code == 422
    assert "Made-up clinician was first, at 10:00: Somebody else changed this flag since you saw it." in answer.text
    assert "Rang at length; she &lt;walks&gt; again.</textarea>" in answer.text
    assert '<option value="visit_booked" selected>' in answer.text
    assert 'name="back" value="patient"' in answer.text
    now = re.search(r'name="version" value="(\d+)"', answer.text.partition("<main")[2])
    assert now is not None
    assert "For the chart" in second.done(path, outcome="visit_booked", note=NOTE, version=now[1])


@pytest.mark.parametrize("deed", ["assign", "snooze", "release"])
def test_the_one_who_changed_it_is_named_and_not_whoever_owns_it_now(
    nurse: Visitor, second: Visitor, clinic: BuiltClinic, ann: PatientPersona, deed: str
) -> None:
    record(ann, 6, symptoms=("fever",))
    with clinic.open() as scope:
        flag_id = read_flags(scope, FlagQuery())[0].id
    third = make_clinician(clinic, "clinician")
    if deed == "release":
        nurse.post(f"/flags/{flag_id}/acknowledge")
    fields = {"assign": {"assignee": str(third.id)}, "snooze": {"minutes": "60", "reason": "in theatre"}}
    nurse.post(f"/flags/{flag_id}/{deed}", **fields.get(deed, {}))
    page = second.done(f"/flags/{flag_id}/acknowledge", version="1")
    assert "Made-up clinician was first, at 10:00: Somebody else changed this flag since you saw it." in page


def test_what_is_wrong_with_a_form_is_not_laid_on_whoever_was_first(
    nurse: Visitor, second: Visitor, flagged: UUID
) -> None:
    nurse.post(f"/flags/{flagged}/acknowledge")
    page = second.done(f"/flags/{flagged}/assign", assignee=str(flagged))
    assert "Nothing was changed: is nobody of this clinic" in page


def test_who_comes_after_the_end_keeps_the_note_and_is_led_to_the_chart(
    nurse: Visitor, second: Visitor, flagged: UUID
) -> None:
    path = f"/flags/{flagged}/resolve"
    assert nurse.post(path, outcome="advised", note="Spoke with her.").status_code == 303
    answer = second.post(path, outcome="advised", note=NOTE)
    assert answer.status_code == 422
    assert "was first, at 10:00: This flag is resolved already." in answer.text
    assert "she &lt;walks&gt; again.</textarea>" in answer.text
    assert f'href="/flags/{flagged}/note"' in answer.text
    later = second.read(path)
    assert "This flag is resolved already." in later
    assert '<button class="main">Resolve</button>' not in later


def test_who_was_first_on_another_day_is_told_with_that_day(
    nurse: Visitor, second: Visitor, flagged: UUID, clock: ClockHand
) -> None:
    nurse.post(f"/flags/{flagged}/acknowledge")
    clock.forward(days=2)
    page = second.done(f"/flags/{flagged}/acknowledge", version="1")
    assert "Made-up clinician was first, at Fri 20 Nov 10:00: Somebody else changed" in page


def test_a_note_that_is_too_long_is_not_lost(nurse: Visitor, flagged: UUID) -> None:
    answer = nurse.post(f"/flags/{flagged}/resolve", outcome="advised", note="word " * 900)
    assert answer.status_code == 422
    assert "This must be at most 4000 characters." in answer.text
    assert "word word word" in answer.text


def test_the_key_for_assigning_leads_from_the_row_to_the_list_of_colleagues(
    nurse: Visitor, second: Visitor, flagged: UUID
) -> None:
    link = re.search(r'href="(/patients/[^"#]+)#([^"]+)" data-key="s"', nurse.read("/worklist"))
    assert link is not None
    assert f'<select id="{link[2]}" name="assignee"' in nurse.read(link[1])

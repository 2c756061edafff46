"""The clinicians' work through the pages: take and give back, call, hold, move, write down, close, with plain forms."""

import re
from uuid import UUID

import pytest
from sqlalchemy import select

from recovery_api.models import tables
from recovery_api.services.read_flags import FlagQuery, read_flags
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician, make_patient, record
from tests.clinic.visitor import Visitor
from tests.services.phone import Phone


@pytest.fixture
def nurse(ben: Persona) -> Visitor:
    """Ben's browser."""
    return Visitor(ben)


@pytest.fixture
def flagged(ann: PatientPersona) -> UUID:
    """An emergency of Ann's."""
    record(ann, 6, symptoms=("leg_weakness",))
    return the_flag(ann.clinic)


def the_flag(clinic: BuiltClinic) -> UUID:
    with clinic.open() as scope:
        return read_flags(scope, FlagQuery())[0].id


def status(clinic: BuiltClinic, flag_id: UUID) -> tuple[str, UUID | None]:
    with clinic.open() as scope:
        flag = read_flags(scope, FlagQuery(flag_id=flag_id))[0]
        return flag.status, flag.owner_id


def test_a_flag_taken_by_mistake_is_given_back_within_ten_seconds(
    ben: Persona, nurse: Visitor, flagged: UUID, clock: ClockHand
) -> None:
    page = nurse.done(f"/flags/{flagged}/acknowledge")
    assert status(ben.clinic, flagged) == ("acknowledged", ben.id)
    assert f'action="/flags/{flagged}/release"' in page
    assert f'action="/flags/{flagged}/release"' not in nurse.read("/worklist")
    clock.forward(seconds=9)
    assert "Taken back" in nurse.done(f"/flags/{flagged}/release")
    assert status(ben.clinic, flagged) == ("open", None)
    nurse.post(f"/flags/{flagged}/acknowledge")
    clock.forward(seconds=30)
    assert "too late to take that back" in nurse.done(f"/flags/{flagged}/release")
    assert status(ben.clinic, flagged) == ("acknowledged", ben.id)


def test_a_flag_that_was_given_back_climbs_its_ladder_again(
    ben: Persona, nurse: Visitor, flagged: UUID, clock: ClockHand
) -> None:
    nurse.post(f"/flags/{flagged}/acknowledge")
    clock.forward(seconds=5)
    nurse.post(f"/flags/{flagged}/release")
    with ben.clinic.open() as scope:
        flag = read_flags(scope, FlagQuery(flag_id=flagged))[0]
    assert flag.next_rung_at is not None
    assert (flag.next_rung_at - clock.now).total_seconds() == 5 * 60


def test_the_second_nurse_is_told_who_was_first_and_when(clinic: BuiltClinic, nurse: Visitor, flagged: UUID) -> None:
    second = Visitor(make_clinician(clinic, "nurse"))
    nurse.post(f"/flags/{flagged}/acknowledge", version="1")
    page = second.done(f"/flags/{flagged}/acknowledge", version="1")
    assert "Made-up clinician was first, at 10:00" in page
    nurse.post(f"/flags/{flagged}/resolve", outcome="advised", note="Spoke with her.")
    assert "was first" in second.post(f"/flags/{flagged}/resolve", outcome="advised", note="Me too.").text


def test_closing_a_flag_leaves_a_paragraph_for_the_chart(ann: PatientPersona, nurse: Visitor, clock: ClockHand) -> None:
    record(ann, 2, days_ago=1)
    Phone(ann.clinic, ann.phone).text("my legs feel weak")
    flag_id = the_flag(ann.clinic)
    clock.forward(minutes=4)
    nurse.post(f"/flags/{flag_id}/acknowledge")
    nurse.post(f"/patients/{ann.id}/calls", result="reached")
    clock.forward(minutes=6)
    page = nurse.done(f"/flags/{flag_id}/resolve", outcome="sent_to_emergency", note="Ambulance is on its way")
    note = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert note is not None
    for said in (
        "TESTERBY, Annwyl, born 12-Mar-1948", "Day 5 after vertebroplasty L1", "Emergency flag at 10:00",
        "The patient wrote: “my legs feel weak”", "Acknowledged by Made-up clinician at 10:04, after 4 min (target",
        "7 before the procedure, then 2 (day 4)", "10:04: Made-up clinician called and reached the patient.",
        "Outcome: Sent to the emergency department. Ambulance is on its way.",
        "Closed by Made-up clinician, 20-Nov-2026 10:10.",
    ):  # fmt: skip
        assert said in note[1]
    assert "\n" not in note[1]


def test_who_could_not_be_reached_leaves_no_paragraph(nurse: Visitor, flagged: UUID, ben: Persona) -> None:
    page = nurse.done(f"/flags/{flagged}/resolve", outcome="could_not_reach", note="Rang twice.")
    assert "Still open" in page
    assert status(ben.clinic, flagged)[0] == "open"
    assert nurse.get(f"/flags/{flagged}/note").status_code == 404


def test_calls_are_logged_and_close_nothing(ann: PatientPersona, nurse: Visitor, flagged: UUID) -> None:
    assert nurse.post(f"/patients/{ann.id}/calls", result="started").status_code == 204
    page = nurse.done(f"/patients/{ann.id}/calls", result="no_answer")
    assert "Made-up clinician began a call to the patient" in page
    assert "Made-up clinician called: no answer" in page
    assert status(ann.clinic, flagged)[0] == "open"
    assert nurse.post(f"/patients/{ann.id}/calls", result="flew").status_code == 422


def test_a_hold_is_put_on_shown_and_ended(ann: PatientPersona, nurse: Visitor) -> None:
    page = nurse.done(f"/patients/{ann.id}/hold", reason="hospital", until="2026-11-27")
    assert "On hold: in hospital" in page
    assert "until Fri 27 Nov 08:00" in page
    assert re.search(r"<li>[A-Z][^<]+<span>Fri 27 Nov 09:30", page), "the first text comes when the hold is over"
    page = nurse.done(f"/patients/{ann.id}/hold/end")
    assert "On hold" not in page
    assert "Made-up clinician ended the hold" in page
    assert "Nothing was changed" in nurse.done(f"/patients/{ann.id}/hold", reason="away", until="2026-11-01")


def test_the_hour_and_the_visits_are_moved(ann: PatientPersona, nurse: Visitor) -> None:
    assert "asks at 15:15" in nurse.done(f"/patients/{ann.id}/hour", time="15:15")
    page = nurse.done(f"/patients/{ann.id}/visits", starts_at="2026-12-01T10:30")
    assert "Tue 1 Dec 10:30" in page
    found = re.search(r"/visits/([0-9a-f-]{36})", page)
    assert found is not None
    page = nurse.done(f"/patients/{ann.id}/visits/{found[1]}", starts_at="2026-12-02T11:00")
    assert "Wed 2 Dec 11:00" in page
    assert "called off" in nurse.done(f"/patients/{ann.id}/visits/{found[1]}", status="cancelled")
    assert "Nothing was changed" in nurse.done(f"/patients/{ann.id}/hour", time="03:00")


def test_a_visit_that_is_over_is_said_to_be_kept_or_missed(
    ann: PatientPersona, nurse: Visitor, clock: ClockHand
) -> None:
    page = nurse.done(f"/patients/{ann.id}/visits", starts_at="2026-11-21T10:30")
    found = re.search(r"/visits/([0-9a-f-]{36})", page)
    assert found is not None
    assert "It was missed" not in page
    clock.forward(days=2)
    assert "It was missed" in nurse.read(f"/patients/{ann.id}")
    page = nurse.done(f"/patients/{ann.id}/visits/{found[1]}", status="missed")
    assert "Sat 21 Nov 10:30 · missed" in page
    assert "It was missed" not in page
    assert {row.text_key for row in Phone(ann.clinic, ann.phone).rows("message")} == {"visit_missed"}
    assert "Sat 21 Nov 10:30 · kept" in nurse.done(f"/patients/{ann.id}/visits/{found[1]}", status="kept")


def test_the_day_for_a_blood_thinner_goes_on_the_care_plan(ann: PatientPersona, nurse: Visitor) -> None:
    path = f"/patients/{ann.id}/blood-thinner"
    assert "Blood thinner: to be started again on" in nurse.done(path, restart_on="2026-11-21")
    assert "Nothing was changed" in nurse.done(path, restart_on="2026-01-01")
    assert "Nothing was changed" in nurse.done(path, restart_on="tomorrow")
    assert "Blood thinner: to be" not in nurse.done(path, restart_on="")


def test_a_visit_of_another_patient_is_not_moved_from_here(ann: PatientPersona, nurse: Visitor) -> None:
    other = make_patient(ann.clinic, given_name="Pell", phone="+12125550145")
    page = nurse.done(f"/patients/{other.id}/visits", starts_at="2026-12-01T10:30")
    found = re.search(r"/visits/([0-9a-f-]{36})", page)
    assert found is not None
    assert nurse.post(f"/patients/{ann.id}/visits/{found[1]}", status="cancelled").status_code == 404


def test_a_check_in_taken_by_phone_is_judged_and_advised_and_can_be_corrected(
    ann: PatientPersona, nurse: Visitor
) -> None:
    page = nurse.done(
        f"/patients/{ann.id}/check-ins", pain="6", activity="short_walks", pills_otc="2", symptom_leg_weakness="1",
        note="since the morning",
    )  # fmt: skip
    assert "Tell the patient:" in page
    assert "911" in page
    assert "New leg weakness" in page
    found = re.search(r"/check-ins/([0-9a-f-]{36})", page)
    assert found is not None
    form = nurse.read(f"/patients/{ann.id}/check-ins/{found[1]}")
    assert re.search(r'value="6" checked', form)
    assert "since the morning" in form
    page = nurse.done(f"/patients/{ann.id}/check-ins/{found[1]}", pain="3", pills_otc="1")
    assert "Made-up clinician corrected a check-in for the patient" in page
    with ann.clinic.open() as scope:
        check_in = tables.check_in
        rows = scope.connection.execute(
            select(check_in.c.version, check_in.c.pain, check_in.c.channel).order_by(check_in.c.version)
        ).all()
    assert [tuple(row) for row in rows] == [(1, 6, "staff"), (2, 3, "staff")]
    refused = nurse.post(f"/patients/{ann.id}/check-ins", pills_otc="a few")
    assert refused.status_code == 422
    assert "Numbers are whole numbers." in refused.text
    assert nurse.post(f"/patients/{ann.id}/check-ins").status_code == 422


def test_the_page_shows_consent_looks_and_earlier_recoveries(
    ann: PatientPersona, nurse: Visitor, clinic: BuiltClinic
) -> None:
    Visitor(make_clinician(clinic, "nurse")).read(f"/patients/{ann.id}")
    page = nurse.read(f"/patients/{ann.id}")
    assert "agreed to texts about the recovery (text), 20-Nov-2026" in page
    assert re.search(r"Made-up nurse</bdi> <span>once", page)
    assert "None: this is the first one here." in page
    assert "Protocol vertebroplasty" in page


def test_a_draft_is_filled_in_and_counted_without_a_script(ann: PatientPersona, nurse: Visitor) -> None:
    page = nurse.post(f"/patients/{ann.id}/draft", template="will_call/es").text
    assert "Harbour Clinic: Gracias por avisar." in page
    assert re.search(r"1 text, \d+ of 160", page)
    assert nurse.post(f"/patients/{ann.id}/messages/measure", body="á" * 71).text == "2 texts, 71 characters"


def test_every_quick_text_leaves_as_one_segment(ann: PatientPersona, nurse: Visitor) -> None:
    bodies = re.findall(r'data-body="([^"]+)"', nurse.read(f"/patients/{ann.id}"))
    assert len(bodies) == 12
    measure = f"/patients/{ann.id}/messages/measure"
    assert all("1 text" in nurse.post(measure, body=body).text for body in bodies)


@pytest.mark.parametrize(
    ("language", "reason"),
    [("en", "Please say it without: Annwyl, surgery"), ("es", "Por favor dígalo sin: Annwyl, surgery")],
)
def test_a_text_that_names_somebody_is_refused_with_the_words_and_its_draft_is_kept(
    ann: PatientPersona, nurse: Visitor, language: str, reason: str
) -> None:
    nurse.get(f"/language?to={language}")
    draft = "Annwyl, how is your back since the surgery?"
    refused = nurse.post(f"/patients/{ann.id}/messages", body=draft)
    assert refused.status_code == 422
    assert reason in refused.text
    assert re.search(rf'<textarea id="body"[^>]*>{re.escape(draft)}</textarea>', refused.text)
    again = nurse.post(f"/patients/{ann.id}/messages", body="How is your back since Monday?")
    assert again.status_code == 303


def test_a_page_that_looks_again_gets_304_until_something_changes(
    ann: PatientPersona, nurse: Visitor, clock: ClockHand
) -> None:
    def again(tag: str) -> tuple[int, str]:
        answer = nurse.get("/worklist/rows?show=all", headers={"HX-Request": "true", "If-None-Match": tag})
        return answer.status_code, answer.headers["ETag"]

    first = again("")[1]
    assert again(first) == (304, first)
    record(ann, 6, symptoms=("leg_weakness",))
    code, second = again(first)
    assert (code, again(second)[0]) == (200, 304)
    nurse.post(f"/flags/{the_flag(ann.clinic)}/acknowledge")
    code, third = again(second)
    assert (code, again(third)[0]) == (200, 304)
    Phone(ann.clinic, "+13475550177").text("hello?")
    assert again(third)[0] == 200
    last = again("")[1]
    clock.forward(minutes=1)
    assert again(last)[0] == 200


def test_what_was_said_of_a_deed_is_not_swallowed_by_the_page_that_updates_itself(
    ann: PatientPersona, nurse: Visitor, flagged: UUID
) -> None:
    nurse.post(f"/flags/{flagged}/acknowledge")
    assert "You own this flag now" not in nurse.get("/worklist/rows", headers={"HX-Request": "true"}).text
    assert "You own this flag now" in nurse.read("/worklist")


def test_spanish_is_chosen_once_and_kept(nurse: Visitor) -> None:
    assert '<html lang="en">' in nurse.read("/worklist")
    answer = nurse.get("/language?to=es&then=//evil.example")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/worklist")
    assert '<html lang="es">' in nurse.read("/worklist")
    assert nurse.get("/language?to=xx").status_code == 404


def test_patients_are_found_by_name_and_listed(ann: PatientPersona, nurse: Visitor) -> None:
    make_patient(ann.clinic, given_name="Pell", family_name="Muñoz", phone="+12125550145")
    listed = nurse.read("/patients")
    assert listed.index("Muñoz, Pell") < listed.index("Testerby, Annwyl"), "by name, not by when they were added"
    page = nurse.read("/patients?q=munoz")
    assert "Muñoz, Pell" in page
    assert "Testerby" not in page
    assert "Nobody fits." in nurse.read("/patients?q=nobodyhere")


def test_other_clinics_patients_and_flags_are_not_there(ann: PatientPersona, flagged: UUID, cleo: Persona) -> None:
    stranger = Visitor(cleo)
    for path in (f"/patients/{ann.id}", f"/patients/{ann.id}/print", f"/patients/{ann.id}/check-ins/new",
                 f"/flags/{flagged}/resolve", f"/flags/{flagged}/note"):  # fmt: skip
        assert stranger.get(path).status_code == 404, path
    for path in (f"/flags/{flagged}/release", f"/patients/{ann.id}/hold/end", f"/patients/{ann.id}/check-ins"):
        assert stranger.post(path, pain="3").status_code == 404, path
    assert stranger.post(f"/patients/{ann.id}/calls", result="reached").status_code == 404


def test_a_procedure_is_moved_once_somebody_saw_what_that_changes(
    ann: PatientPersona, ben: Persona, nurse: Visitor
) -> None:
    record(ann, 4, days_ago=1)
    path = f"/patients/{ann.id}/procedure"
    assert f'href="{path}"' in nurse.read(f"/patients/{ann.id}")
    assert "What will change" not in nurse.read(path)
    page = nurse.read(f"{path}?day=2026-11-18")
    for said in (
        "from 15-Nov-2026 to 18-Nov-2026, and the recovery is followed until 18-Nov-2027",
        "today becomes day 2", "1 answer so far is counted from the new day", "Nobody is texted about the move",
        'name="was" value="2026-11-15"',
    ):  # fmt: skip
        assert said in page
    page = nurse.done(path, day="2026-11-18", was="2026-11-15")
    assert "The procedure is moved" in page
    assert "Made-up clinician changed the recovery or its plan" in page
    with ann.clinic.open() as scope:
        days = select(tables.check_in.c.day).order_by(tables.check_in.c.version)
        assert list(scope.connection.execute(days).scalars()) == [4, 1]
        deeds = select(tables.audit_event.c.actor_id).where(tables.audit_event.c.action == "episode.changed")
        assert list(scope.connection.execute(deeds).scalars()) == [ben.id]


@pytest.mark.parametrize("day", ["2026-11-15", "2030-01-01", "tomorrow", ""])
def test_a_procedure_is_not_moved_to_its_own_day_or_to_none(ann: PatientPersona, nurse: Visitor, day: str) -> None:
    path = f"/patients/{ann.id}/procedure"
    asked, pressed = nurse.get(f"{path}?day={day}"), nurse.post(path, day=day, was="2026-11-15")
    for answer in (asked, pressed):
        assert (answer.status_code, 'aria-invalid="true"' in answer.text) == (422, True)


def test_of_two_who_move_a_procedure_the_second_sees_it_first(ann: PatientPersona, nurse: Visitor) -> None:
    path = f"/patients/{ann.id}/procedure"
    nurse.post(path, day="2026-11-18", was="2026-11-15")
    page = nurse.done(path, day="2026-11-17", was="2026-11-15")
    assert "Somebody moved it meanwhile" in page
    assert "The procedure is on 18-Nov-2026 now" in page

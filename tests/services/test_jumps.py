"""A jump of pain: the patient is asked at once, an answer raises or calms, and no answer goes on by itself in time."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from recovery_api.domain.consent import next_window
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, acknowledge_flag
from recovery_api.services.follow_clock import follow_clock
from recovery_api.services.watch_jumps import watch_jumps
from tests.builders import NOW, ClockHand, PatientPersona, Persona, make_patient, record
from tests.services.phone import Phone

pytestmark = pytest.mark.usefixtures("real")


@pytest.fixture
def patient(ann: PatientPersona, ben: Persona) -> PatientPersona:
    """On day 30, usually at 3, where Ben is paged."""
    patient = make_patient(
        ann.clinic, phone="+12125550142", performed_on=NOW.date() - timedelta(days=30), baseline_pain=7
    )
    for days_ago in range(8, 0, -1):
        record(patient, 3, days_ago=days_ago)
    return patient


@pytest.fixture
def phone(patient: PatientPersona) -> Phone:
    phone = Phone(patient.clinic, patient.phone)
    phone.ask("pain", patient.clinic.wiring.clock.now().date(), patient.clinic.wiring.clock.now())
    return phone


def look(patient: PatientPersona) -> int:
    with patient.clinic.app.app_context():
        return watch_jumps("tests:0:0", patient.clinic.wiring.vaults, patient.clinic.wiring.clock.now())


def test_a_jump_asks_about_a_fall_and_pages_nobody(phone: Phone, patient: PatientPersona) -> None:
    outcome = phone.text("7")
    assert outcome.answer == "saved_jump"
    assert "Reply F if so, or N if not" in outcome.bodies[0]
    assert phone.flags() == []
    assert not [row for row in phone.rows("message") if row.purpose == "page"]


def test_the_answer_f_is_a_new_injury_at_once(phone: Phone) -> None:
    phone.text("7")
    phone.text("F")
    assert ("red_flag", "urgent") in phone.flags()


def test_the_answer_n_keeps_it_calm_for_good(phone: Phone, patient: PatientPersona, clock: ClockHand) -> None:
    phone.text("7")
    phone.text("N")
    clock.forward(hours=5)
    assert look(patient) == 1
    assert look(patient) == 0
    assert phone.flags() == []


def test_a_second_score_that_stays_high_is_urgent_and_counts_from_the_jump(
    phone: Phone, patient: PatientPersona, clock: ClockHand
) -> None:
    phone.text("7")
    jumped_at = clock.now
    clock.forward(hours=2)
    phone.text("pain 7")
    [flag] = [row for row in phone.rows("flag") if row.family == "worsening"]
    assert (flag.tier, flag.rule) == ("urgent", "PW-02a")
    assert (flag.waiting_since, flag.respond_by) == (jumped_at, jumped_at + timedelta(hours=4))
    assert flag.opened_at == clock.now


def test_without_an_answer_the_flag_goes_on_by_itself_at_the_time_counted_from_the_jump(
    phone: Phone, patient: PatientPersona, clock: ClockHand
) -> None:
    phone.text("7")
    jumped_at = clock.now
    clock.forward(minutes=239)
    assert look(patient) == 0
    clock.forward(minutes=1)
    assert look(patient) == 1
    [flag] = phone.rows("flag")
    assert (flag.family, flag.tier, flag.rule) == ("worsening", "urgent", "PW-02q")
    assert (flag.waiting_since, flag.respond_by) == (jumped_at, jumped_at + timedelta(hours=6))
    assert flag.reason == (
        "Pain jumped to 7 from a usual 3; asked about a fall or a new place, no answer came in 4 hours"
    )
    assert [row for row in phone.rows("message") if row.purpose == "page"], "and somebody is paged"
    clock.forward(hours=5)
    assert look(patient) == 0


def test_at_night_the_patient_has_until_the_morning(phone: Phone, patient: PatientPersona, clock: ClockHand) -> None:
    clock.forward(hours=7)
    phone.text("7")
    clock.forward(hours=4)
    assert look(patient) == 1
    assert phone.flags() == []
    clock.forward(hours=12)
    assert look(patient) == 1
    assert phone.flags() == [("worsening", "urgent")]


@pytest.mark.parametrize(("status", "flags"), [("ended", [("worsening", "urgent")]), ("on_hold", [])])
def test_a_jump_on_the_last_day_of_a_recovery_is_not_forgotten(
    phone: Phone, patient: PatientPersona, clock: ClockHand, status: str, flags: list[tuple[str, str]]
) -> None:
    phone.text("7")
    with patient.clinic.open() as scope:
        scope.connection.execute(update(tables.episode).values(status=status))
    clock.forward(hours=4)
    assert look(patient) == 1
    assert phone.flags() == flags


def test_a_clock_put_back_gives_no_more_time(phone: Phone, patient: PatientPersona, clock: ClockHand) -> None:
    phone.text("7")
    with patient.clinic.app.app_context():
        follow_clock(patient.clinic.wiring.vaults, clock.now)
        clock.forward(hours=-1)
        follow_clock(patient.clinic.wiring.vaults, clock.now)
    clock.forward(hours=4)
    assert look(patient) == 1


def test_a_jump_beside_a_red_flag_is_paged_and_asks_nothing(phone: Phone) -> None:
    assert phone.text("7 and I have a fever").answer != "saved_jump"
    assert ("red_flag", "urgent") in phone.flags()
    assert not [row for row in phone.rows("due_work") if row.kind == "jump"]


def test_a_jump_in_the_app_is_asked_about_by_text(patient: PatientPersona, phone: Phone, clock: ClockHand) -> None:
    sent = {"recorded_at": clock.now.isoformat(), "local_date": clock.now.date().isoformat(), "pain": 7}
    assert patient.post("/me/check-ins", json={**sent, "client_id": str(patient.id)}).status_code == 201
    [asked] = [row for row in phone.rows("message") if row.text_key == "saved_jump"]
    assert (asked.question, asked.purpose) == ("symptoms", "service")
    assert (asked.due_at, asked.expires_at) == next_window(clock.now, ZoneInfo("America/New_York"))
    clock.forward(hours=4)
    assert look(patient) == 1
    assert phone.flags() == [("worsening", "urgent")]


def in_the_app(patient: PatientPersona, at: datetime) -> None:
    on = at.astimezone(ZoneInfo("America/New_York")).date()
    sent = {"recorded_at": at.isoformat(), "local_date": on.isoformat(), "pain": 7, "client_id": str(patient.id)}
    assert patient.post("/me/check-ins", json=sent).status_code == 201


@pytest.mark.parametrize(
    ("reported", "late", "hours"),
    [(27, 0, 12), (16, 5, 6)],
    ids=["late in the evening", "kept by a phone without a line"],
)
def test_nobody_is_paged_before_the_patient_was_asked_and_had_an_hour(
    patient: PatientPersona, phone: Phone, clock: ClockHand, reported: int, late: int, hours: int
) -> None:
    clock.set(NOW.replace(hour=0, minute=0) + timedelta(hours=reported))  # ten in the evening, eleven in the morning
    jumped_at = clock.now - timedelta(hours=late)
    in_the_app(patient, jumped_at)
    [asked] = [row for row in phone.rows("message") if row.text_key == "saved_jump"]
    clock.set(asked.due_at + timedelta(minutes=59))
    look(patient)
    assert phone.flags() == []
    clock.forward(minutes=1)
    assert look(patient) == 1
    [flag] = phone.rows("flag")
    assert (flag.rule, flag.tier, flag.waiting_since) == ("PW-02q", "urgent", jumped_at)
    assert flag.reason.endswith(f"no answer came in {hours} hours")


def test_nobody_is_asked_about_a_jump_of_days_ago(patient: PatientPersona, phone: Phone, clock: ClockHand) -> None:
    in_the_app(patient, clock.now - timedelta(hours=20))
    assert [row for row in phone.rows("due_work") if row.kind == "jump"]
    other = make_patient(
        patient.clinic, phone="+12125550143", performed_on=NOW.date() - timedelta(days=30), baseline_pain=7
    )
    for days_ago in range(9, 2, -1):
        record(other, 3, days_ago=days_ago)
    in_the_app(other, clock.now - timedelta(hours=30))
    assert len([row for row in phone.rows("due_work") if row.kind == "jump"]) == 1


@pytest.mark.parametrize("is_shared", [False, True], ids=["own", "shared"])
def test_a_shared_phone_is_told_of_whom_a_jump_in_the_app_and_a_read_report_are(
    patient: PatientPersona, ben: Persona, phone: Phone, clock: ClockHand, is_shared: bool
) -> None:
    if is_shared:
        make_patient(patient.clinic, given_name="Borvin", family_name="Samplewick", phone=patient.phone)
    [own] = [row for row in phone.rows("contact_point") if row.patient_id == patient.id]
    sent = {"recorded_at": clock.now.isoformat(), "local_date": clock.now.date().isoformat(), "pain": 7}
    assert patient.post("/me/check-ins", json={**sent, "client_id": str(patient.id)}).status_code == 201
    clock.forward(hours=4)
    assert look(patient) == 1
    with patient.clinic.open() as scope:
        flag_id = scope.connection.execute(select(tables.flag.c.id)).scalar_one()
        acknowledge_flag(scope, Deed(ben.id, flag_id, None), clock.now)
        scope.flush()
        message, begin = tables.message, {}
        wanted = message.c.text_key.in_(("saved_jump", "report_read"))
        for row in scope.connection.execute(select(message).where(wanted)):
            begin[row.text_key] = scope.vault.open("message.body", row.id, row.body_sealed).startswith(f"{own.label}: ")
    assert begin == {"saved_jump": is_shared, "report_read": is_shared}


def test_a_score_mended_is_no_jump_any_more(phone: Phone, patient: PatientPersona, clock: ClockHand) -> None:
    phone.text("7")
    clock.forward(minutes=2)
    phone.text("FIX 3")
    clock.forward(hours=4)
    look(patient)
    assert phone.flags() == []
    with patient.clinic.open() as scope:
        left = scope.connection.execute(select(tables.due_work).where(tables.due_work.c.kind == "jump")).all()
    assert left == []


@pytest.mark.parametrize(
    ("part", "body"),
    [("clinic_rules.rule_pack", "7"), ("clinic_rules.rule_pack", "my legs feel weak"), ("ask_about_jump.jump_of", "7")],
)
def test_an_answer_that_no_rule_can_judge_is_kept_and_handed_to_a_person(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, part: str, body: str
) -> None:
    def broken(*_: object) -> None:
        raise LookupError("a part of the rules is gone")

    before = len(phone.rows("check_in"))
    monkeypatch.setattr(f"recovery_api.services.{part}", broken)
    phone.text(body)
    assert len(phone.rows("check_in")) == before + 1
    assert ("operations", "urgent") in phone.flags()
    assert [row for row in phone.rows("message") if row.purpose == "page"]

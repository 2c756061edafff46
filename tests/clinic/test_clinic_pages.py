"""The lead's pages: ladder, rota, protocol, reports, staff, audit; who may see and change them."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest

from recovery_api.clinic.csv_file import csv_answer
from recovery_api.domain.age_bands import age_band
from recovery_api.domain.rota import on_duty
from recovery_api.domain.tiers import Tier
from recovery_api.domain.waits import summarize_waits
from recovery_api.services.change_rota import read_rota
from recovery_api.services.find_ladder import find_ladder
from tests.builders import NOW, BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician, make_patient, record
from tests.clinic.visitor import Visitor

PAGES = ("ladder", "rota", "protocol", "reports")
FOR_LEADS = ("staff", "audit")


@pytest.fixture
def head(clinic: BuiltClinic) -> Persona:
    """The clinic's lead."""
    return make_clinician(clinic, "lead", phone="+12125550131")


@pytest.fixture
def lead(head: Persona) -> Visitor:
    """The lead's browser."""
    return Visitor(head)


def test_everybody_reads_and_leads_alone_change(clinic: BuiltClinic, lead: Visitor, ben: Persona) -> None:
    nurse = Visitor(make_clinician(clinic, "nurse"))
    for page in PAGES:
        nurse.read(f"/clinic/{page}")
    for page in FOR_LEADS:
        lead.read(f"/clinic/{page}")
        assert nurse.get(f"/clinic/{page}").status_code == 403
        assert f"/clinic/{page}" not in nurse.read("/clinic")
    for path in ("ladder", "rota/shifts", "rota/holidays", "staff", f"staff/{ben.id}", f"staff/{ben.id}/shut-out"):
        assert nurse.post(f"/clinic/{path}").status_code == 403, path
    assert Visitor(make_clinician(clinic, "privacy_officer")).get("/clinic").status_code == 403


def ladder_form(page: str, part: int) -> dict[str, str]:
    """One of the forms as a browser would send it unchanged: a tier's, or the last one."""
    form = page.split('action="/clinic/ladder"')[part].split("</form>")[0]
    fields = dict(re.findall(r'<input(?![^>]*checkbox)[^>]*name="(\w+)"[^>]*value="([^"]*)"', form))
    fields |= dict.fromkeys(re.findall(r'name="(\w+)" value="1" checked', form), "1")
    for name, options in re.findall(r'<select name="(\w+)">(.*?)</select>', form):
        chosen = re.search(r'value="(\w+)" selected', options) or re.search(r'value="(\w+)"', options)
        assert chosen is not None
        fields[name] = chosen[1]
    return {name: value for name, value in fields.items() if name != "csrf"}


def test_the_ladder_is_shown_changed_and_kept_safe(clinic: BuiltClinic, lead: Visitor) -> None:
    page = lead.read("/clinic/ladder")
    assert "after 5 min: on call, by text, e-mail" in page
    form, rest = ladder_form(page, 1), ladder_form(page, 5)
    assert len(form) + 1 < 64, "the surface refuses forms with more fields"
    lead.done("/clinic/ladder", **form | {"emergency_1_after": "3"})
    lead.done("/clinic/ladder", **rest | {"phone": "+1 212 555 0180"})
    with clinic.open() as scope:
        found = find_ladder(scope)
    assert found.ladder.tiers[Tier.EMERGENCY].rungs[1].after_minutes == 3
    assert found.ladder.tiers[Tier.REVIEW].repeat_minutes == 2880
    assert found.last_resort.phone == "+12125550180"
    assert "after 3 min: on call" in lead.read("/clinic/ladder")
    for wrong in ({"emergency_1_after": "45"}, {"emergency_0_after": "2"}, {"emergency_repeat": "soon"}):
        assert "Nothing was changed" in lead.done("/clinic/ladder", **form | wrong)


def test_shifts_holidays_and_a_hand_over(clinic: BuiltClinic, ben: Persona, lead: Visitor, head: Persona) -> None:
    days = {f"day_{day}": "1" for day in range(5)}
    page = lead.done("/clinic/rota/shifts", who=str(ben.id), duty="nurse", starts="07:00", ends="19:00", **days)
    assert page.count("07:00–19:00") >= 5
    always = {"who": str(head.id), "duty": "lead", "starts": "00:00", "ends": "00:00", "day_0": "1"}
    page = lead.done("/clinic/rota/shifts", **always)
    assert -1 < page.index("07:00–19:00") < page.index(">all day<"), "whoever is told first stands first"
    page = lead.done("/clinic/rota/holidays", day="2026-12-25")
    assert "25-Dec-2026" in page
    assert "Nothing was changed" in lead.done("/clinic/rota/holidays", day="2026-12-25")
    nurse = Visitor(ben)
    give = {"duty": "nurse", "from": str(ben.id), "to": str(head.id)}
    assert "The duty is handed over." in nurse.done("/clinic/rota/hand-over", **give)
    with clinic.open() as scope:
        now = clinic.wiring.clock.now()
        rota = read_rota(scope, now)
        shifts = [one.shift for one in rota.shifts]
        monday = on_duty(shifts, frozenset(), "nurse", now + timedelta(days=3), scope.zone)
    assert rota.now_on["nurse"] == [head.id]
    assert monday == [ben.id]
    assert nurse.post("/clinic/rota/hand-over", **{**give, "from": str(head.id)}).status_code == 403
    assert "Nothing was changed" in nurse.done("/clinic/rota/hand-over", **give)
    found = re.search(r"/clinic/rota/shifts/([0-9a-f-]{36})/remove", lead.read("/clinic/rota"))
    assert found is not None
    assert "The shift is gone." in lead.done(f"/clinic/rota/shifts/{found[1]}/remove")
    assert "The holiday is gone." in lead.done("/clinic/rota/holidays/remove", day="2026-12-25")
    assert lead.post(f"/clinic/rota/shifts/{found[1]}/remove").status_code == 404


def test_the_protocol_is_shown_with_every_text_in_both_languages(lead: Visitor) -> None:
    shown = lead.read("/clinic/protocol")
    assert "Reply with one number" in shown
    assert "1 day before a visit" in shown
    assert "day -5 to -3" in shown
    assert "day 0 to 0" not in shown
    days = [int(day) for day in re.findall(r"<td>day (-?\d+)", shown)]
    assert days == sorted(days), "in the order in which a patient lives through them"
    page = lead.read("/clinic/protocol?in=es")
    assert 'href="/texts/check_in_pain/es"' in page


def test_a_colleague_is_added_changed_shut_out_and_let_in(
    clinic: BuiltClinic, ben: Persona, lead: Visitor, head: Persona
) -> None:
    added = lead.post("/clinic/staff", name="Tilda Made-up", email="tilda@clinic.example", role="nurse")
    link = re.search(r"/set-up/[\w-]+", added.text)
    assert link is not None
    assert Visitor(ben).client.get(link[0]).status_code == 200
    assert "/set-up/" not in lead.read("/clinic/staff")
    assert "Nobody was added" in lead.done("/clinic/staff", name="T", email="tilda@clinic.example", role="nurse")
    assert "Changed." in lead.done(f"/clinic/staff/{ben.id}", role="nurse", is_paged="1")
    assert '<p class="on-paper">Nurse, is paged</p>' in lead.read("/clinic/staff"), "a select prints nothing of use"
    assert "sees no patients" in lead.done(f"/clinic/staff/{ben.id}", role="operator", is_paged="1")
    bens = Visitor(ben)
    bens.read("/worklist")
    lead.done(f"/clinic/staff/{ben.id}/shut-out")
    assert bens.get("/worklist").status_code == 303
    assert ben.get("/flags").status_code == 401
    lead.done(f"/clinic/staff/{ben.id}/let-in")
    assert bens.get("/worklist").status_code == 303, "old sessions stay dead"
    assert "Nobody shuts themselves out" in lead.done(f"/clinic/staff/{head.id}/shut-out")
    assert "needs a lead" in lead.done(f"/clinic/staff/{head.id}", role="nurse")


def test_staff_of_another_clinic_are_not_there(cleo: Persona, lead: Visitor) -> None:
    for deed in ("", "/shut-out", "/let-in", "/link"):
        assert lead.post(f"/clinic/staff/{cleo.id}{deed}", role="nurse").status_code == 404


def test_the_audit_tells_who_looked_and_can_be_narrowed(ann: PatientPersona, ben: Persona, lead: Visitor) -> None:
    Visitor(ben).read(f"/patients/{ann.id}")
    page = lead.read(f"/clinic/audit?who={ben.id}&action=patient.")
    assert '<td data-action="patient.viewed">Opened the patient&#39;s chart</td>' in page
    assert "Testerby, Annwyl" in page
    assert 'data-action="audit.viewed"' not in page
    assert '<td data-action="audit.viewed">Read this list</td>' in lead.read("/clinic/audit")
    assert "Nothing fits." in lead.read("/clinic/audit?action=nonsense")
    assert lead.get("/clinic/audit?who=me").status_code == 400
    rows = list(csv.reader(io.StringIO(lead.read(f"/clinic/audit.csv?patient={ann.id}").lstrip("\ufeff"))))
    assert rows[0][0] == "at"
    assert {row[4] for row in rows[1:]} == {str(ann.id)}
    rows = list(csv.reader(io.StringIO(lead.read("/clinic/audit.csv"))))
    assert "found" in [name for row in rows[1:] for name in json.loads(row[5])], "codes as a program reads them"


def table(visitor: Visitor, key: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(visitor.read(f"/clinic/reports/{key}.csv").lstrip("\ufeff"))))[1:]


def test_the_reports_count_what_happened(
    clinic: BuiltClinic, ann: PatientPersona, ben: Persona, lead: Visitor, clock: ClockHand
) -> None:
    for number in range(5):
        record(make_patient(clinic, given_name=f"P{number}", phone=f"+1212555010{number}"), 3)
    record(ann, 6, symptoms=("leg_weakness",))
    nurse = Visitor(ben)
    flag_id = re.search(r'id="row-([0-9a-f-]{36})"', nurse.read("/worklist"))
    assert flag_id is not None
    clock.forward(minutes=10)
    nurse.post(f"/flags/{flag_id[1]}/acknowledge")
    clock.forward(minutes=20)
    nurse.post(f"/patients/{ann.id}/calls", result="reached")
    clock.forward(minutes=30)
    nurse.post(f"/flags/{flag_id[1]}/resolve", outcome="sent_to_emergency", note="By ambulance.")
    page = lead.read("/clinic/reports")
    assert "Time to contact" in page
    assert table(lead, "time_to_acknowledge")[0] == ["Emergency", "1", "1", "1", "15", "10.0", "10.0", "10.0"]
    assert table(lead, "time_to_contact")[0] == ["Emergency", "1", "1", "30.0", "30.0"]
    assert table(lead, "alerts")[0] == ["Emergency", "1", "36", "2.78"]
    assert ["RF-A", "New leg weakness reported", "1", "1", "1", "0", "100.0"] in table(lead, "usefulness")
    everybody = next(row for row in table(lead, "recovery") if row[0] == "everybody")
    assert everybody[1:5] == ["7", "6", "7.0", "3.5"]
    assert lead.get("/clinic/reports?since=never").status_code == 400
    for odd, shown in (("since=2026-12-01&until=2026-11-01", "01-Nov-2026 – 01-Dec-2026"),
                       ("since=2020-01-01&until=2026-11-01", "31-Oct-2025 – 01-Nov-2026")):  # fmt: skip
        assert shown in lead.read(f"/clinic/reports?{odd}")
    assert lead.get("/clinic/reports/nonsense.csv").status_code == 404


def test_no_cell_of_a_file_begins_a_formula() -> None:
    cells = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "\xa0=1", "\v-1", "plain", -3, 2.5, None]
    answer = csv_answer("x.csv", ["=head"], [cells])
    head, row = csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")))
    assert head == ["'=head"]
    kept = ["plain", "-3", "2.5", ""]
    assert row == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "' =1", "'＝1", "'\xa0=1", "'\v-1", *kept]


def test_ages_and_waits_are_counted_as_a_report_says() -> None:
    day = NOW.date()
    assert [age_band(day.replace(year=day.year - years), day) for years in (59, 60, 79, 80)] == [
        "under 60", "60 to 69", "70 to 79", "80 and over",
    ]  # fmt: skip
    waits = summarize_waits([5, None, 1, 3, 9])
    assert (waits.asked, waits.ended, waits.median, waits.ninety) == (5, 4, 3, 9)

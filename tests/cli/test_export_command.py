"""`import` and `export`: files for their owner alone, never over another, each export audited, nothing half done."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click import ClickException
from flask import Flask
from sqlalchemy import select

from recovery_api.cli.new_file import new_file
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.receive_sms import ReceivedText, receive_sms
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, check_in_body, make_patient
from tests.cli.test_clinics_command import refused, run
from tests.fhir_r4 import faults

HEAD = "given_name;family_name;born_on;phone;levels;consent;procedure_on\r\n"
ROW = "Zoë;Quaddlewick;12 Mar 1948;+12125550147;T12 L1;yes;2026-11-19\r\n"
NOTE = "=the gazebo creaked"
REQUIRED = {
    "Patient": {"id", "name", "birthDate"}, "Procedure": {"id", "status", "subject"},
    "Observation": {"id", "status", "code", "subject", "category"}, "QuestionnaireResponse": {"id", "status"},
    "Communication": {"id", "status", "subject"}, "Appointment": {"id", "status", "participant", "start", "end"},
    "Flag": {"id", "status", "code", "subject"},
}  # fmt: skip


@pytest.fixture
def history(app: Flask, ann: PatientPersona, ben: Persona, clock: ClockHand) -> PatientPersona:
    """Ann with a text, a check-in that was corrected, steps, a questionnaire, a visit, and flags."""
    now = clock.now
    text = ReceivedText(f"SM{new_id().hex}", ann.phone, ann.clinic.number, "9, my legs feel weak")
    with app.app_context():
        assert receive_sms(text, ann.clinic.wiring.vaults, now)
    made = ann.post("/me/check-ins", json=check_in_body(ann, pain=4, note=NOTE)).json["id"]
    corrected = {"pain": 3, "note": NOTE}
    assert ann.post(f"/me/check-ins/{made}/corrections", json=corrected).status_code in (200, 201)
    day = {"steps": 900, "source": "healthkit", "coverage": "full", "computed_at": now.isoformat()}
    assert ann.call("PUT", f"/me/activity-days/{now.date()}", json=day).status_code == 200
    asked = {"client_id": str(new_id()), "instrument": "phq2", "score": 1, "recorded_at": now.isoformat()}
    assert ann.post("/me/questionnaires", json=asked).status_code == 201
    visit = {"starts_at": "2026-12-01T15:00:00Z"}
    assert ben.post(f"/episodes/{ann.episode_id}/appointments", json=visit).status_code == 201
    return ann


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def audited(clinic: BuiltClinic) -> Counter[tuple[str, str, str]]:
    audit = tables.audit_event
    with clinic.open() as scope:
        rows = scope.connection.execute(select(audit).where(audit.c.action.like("%.exported"))).all()
    return Counter((row.action, row.actor_kind, row.detail["as"]) for row in rows)


def test_fhir_is_written_a_file_a_kind_with_what_r4_requires(
    app: Flask, history: PatientPersona, tmp_path: Path
) -> None:
    out = tmp_path / "made" / "fhir"
    done = run(app, "export", "fhir", "--out", str(out), "--clinic", str(history.clinic.id))
    assert done.exit_code == 0, done.output
    assert (out.stat().st_mode & 0o777, _names(out)) == (
        0o700,
        sorted(f"{kind}.ndjson" for kind in REQUIRED),
    )
    resources: dict[str, dict[str, Any]] = {}
    for kind, needed in REQUIRED.items():
        file = out / f"{kind}.ndjson"
        assert file.stat().st_mode & 0o777 == 0o600
        found = [json.loads(line) for line in file.read_text().splitlines()]
        assert found, kind
        assert f"{kind}: {len(found)}" in done.output
        for resource in found:
            assert resource["resourceType"] == kind
            assert needed <= set(resource)
            assert faults(resource) == []
            assert not [name for name, value in resource.items() if value in (None, "", [], {})]
            resources[f"{kind}/{resource['id']}"] = resource
    for resource in resources.values():
        for named in _references(resource):
            assert named in resources, named
    pains = {(one["valueQuantity"]["value"], one["status"]) for one in resources.values() if "valueQuantity" in one
             and one["code"]["coding"][0]["code"] == "72514-3"}  # fmt: skip
    assert pains == {(9, "final"), (3, "amended")}
    assert audited(history.clinic) == {
        ("clinic.exported", "operator", "fhir"): 1, ("patient.exported", "operator", "fhir"): 1,
    }  # fmt: skip


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [named for inner in value.values() for named in _references(inner)]
    return [named for inner in value for named in _references(inner)] if isinstance(value, list) else []


def test_the_study_table_names_nobody_and_feeds_the_replay(app: Flask, history: PatientPersona, tmp_path: Path) -> None:
    out, clinic = tmp_path / "study.csv", str(history.clinic.id)
    assert run(app, "export", "csv", "--out", str(out), "--clinic", clinic).output.strip().endswith("2 check-ins")
    assert out.stat().st_mode & 0o777 == 0o600
    text = out.read_text()
    for canary in (
        "Annwyl",
        "Testerby",
        "1948",
        "2125550141",
        "gazebo",
        str(history.id),
        str(history.episode_id),
        "2026",
    ):
        assert canary not in text
    rows = list(csv.DictReader(text.splitlines()))
    assert [(row["day"], row["pain"], row["symptoms"], row["age"], row["levels"]) for row in rows] == [
        ("5", "9", "leg_weakness", "78", "L1"), ("5", "3", "", "78", "L1"),
    ]  # fmt: skip
    assert {row["agreed_to_research"] for row in rows} == {"no"}
    replayed = run(app, "rules", "replay", "--diaries", str(out), "--out", str(tmp_path / "alerts.csv"))
    assert "in 2 answers of 1 episode" in replayed.output, replayed.output
    agreed = tmp_path / "agreed.csv"
    run(app, "export", "csv", "--out", str(agreed), "--clinic", clinic, "--only-agreed")
    assert len(agreed.read_text().splitlines()) == 1
    assert audited(history.clinic)["clinic.exported", "operator", "study"] == 2


def test_a_patients_whole_record_is_written_and_nobody_elses(
    app: Flask, history: PatientPersona, tmp_path: Path
) -> None:
    other = make_patient(history.clinic, given_name="Ferdwin", phone="+12125550149")
    out = tmp_path / "record.json"
    assert run(app, "export", "patient", str(history.id), "--out", str(out)).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    record = json.loads(out.read_text())
    assert record["patient"]["given_name"] == "Annwyl"
    assert [one["version"] for one in record["check_in"] if one["pain"] in (3, 4)] == [1, 2]
    assert {one["note"] for one in record["check_in"]} >= {NOTE}
    assert "9, my legs feel weak" in {one["body"] for one in record["message"]}
    for table in ("consent", "contact_point", "episode", "procedure", "care_plan", "reminder", "flag", "flag_event",
                  "activity_day", "questionnaire", "appointment", "audit_event"):  # fmt: skip
        assert record[table], table
    assert "patient.exported" in {one["action"] for one in record["audit_event"]}
    text = out.read_text()
    assert str(other.id) not in text
    assert "Ferdwin" not in text
    assert "_sealed" not in text


def test_without_a_clinic_every_clinic_is_exported(
    app: Flask, ann: PatientPersona, other_clinic: BuiltClinic, tmp_path: Path
) -> None:
    dora = make_patient(other_clinic, given_name="Dorwyn", phone="+12125550149")
    for one in (ann, dora):
        assert one.post("/me/check-ins", json=check_in_body(one, pain=4)).status_code == 201
    folder, table = tmp_path / "fhir", tmp_path / "study.csv"
    done = run(app, "export", "fhir", "--out", str(folder))
    assert (done.exit_code, done.output.splitlines()[:2]) == (
        0, ["2 clinics; one alone with --clinic NAME", "Patient: 2"],
    )  # fmt: skip
    people = [json.loads(line) for line in (folder / "Patient.ndjson").read_text().splitlines()]
    assert {one["id"]: one["managingOrganization"]["display"] for one in people} == {
        str(ann.id): "Harbour Clinic", str(dora.id): "Meadow Clinic",
    }  # fmt: skip
    assert run(app, "export", "csv", "--out", str(table)).output.endswith("\n2 check-ins\n")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["pain"] for row in rows] == ["4", "4"], "the heads stand there once"
    for clinic in (ann.clinic, other_clinic):
        assert audited(clinic)["patient.exported", "operator", "fhir"] == 1


def test_nothing_that_is_there_is_overwritten(app: Flask, ann: PatientPersona, tmp_path: Path) -> None:
    file, folder, clinic = tmp_path / "there.csv", tmp_path / "there", str(ann.clinic.id)
    file.write_text("mine")
    folder.mkdir()
    (folder / "mine").write_text("mine")
    refused(run(app, "export", "csv", "--out", str(file), "--clinic", clinic), "exists already")
    refused(run(app, "export", "patient", str(ann.id), "--out", str(file)), "exists already")
    refused(run(app, "export", "fhir", "--out", str(folder), "--clinic", clinic), "not empty")
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "elsewhere.csv")
    refused(run(app, "export", "csv", "--out", str(link), "--clinic", clinic), "exists already")
    assert file.read_text() == "mine"
    assert _names(tmp_path) == ["link.csv", "there", "there.csv"]
    assert audited(ann.clinic) == {}


def test_a_refused_export_leaves_no_file(app: Flask, ann: PatientPersona, tmp_path: Path) -> None:
    refused(run(app, "export", "patient", str(new_id()), "--out", str(tmp_path / "x")), "no such patient")
    refused(run(app, "export", "csv", "--out", str(tmp_path / "x"), "--clinic", "Nowhere"), "no clinic is called")
    refused(run(app, "export", "fhir", "--out", str(tmp_path / "x"), "--clinic", "Nowhere"), "no clinic is called")
    refused(run(app, "export", "patient", "12", "--out", str(tmp_path / "x")), "not a valid UUID")
    refused(run(app, "export", "csv", "--out", str(tmp_path / "no" / "x"), "--clinic", str(ann.clinic.id)), "No such")
    assert _names(tmp_path) == []


def test_a_sheet_is_imported_whole_or_not_at_all(app: Flask, ann: PatientPersona, ben: Persona, tmp_path: Path) -> None:
    file, clinic = tmp_path / "patients.csv", ("--clinic", str(ann.clinic.id))
    file.write_bytes((HEAD + ROW + ROW.replace("12 Mar 1948", "3/4/1948")).encode("cp1252"))
    told = run(app, "import", "patients", str(file), *clinic)
    refused(told, "line 3: born_on could be 3 Apr 1948 or 4 Mar 1948", "1 row to be mended; nobody was enrolled")
    file.write_bytes((HEAD + ROW).encode("cp1252"))
    dry = run(app, "import", "patients", str(file), "--dry-run", *clinic)
    assert (dry.exit_code, dry.output) == (0, "1 patient would be enrolled.\n")
    assert len(ben.get("/patients").json["items"]) == 1
    done = run(app, "import", "patients", str(file), *clinic)
    assert (done.exit_code, done.output) == (0, "1 patient was enrolled.\n")
    assert {one["given_name"] for one in ben.get("/patients").json["items"]} == {"Annwyl", "Zoë"}
    refused(run(app, "import", "patients", str(file), *clinic), "they are enrolled already")
    file.write_bytes(b"PK\x03\x04")
    refused(run(app, "import", "patients", str(file), *clinic), "workbook")


def write_slowly(path: Path) -> None:
    with new_file(path) as file:
        file.write("ours")
        path.write_text("mine")


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    with pytest.raises(ClickException, match="exists already"):
        write_slowly(path)
    assert path.read_text() == "mine"
    assert _names(tmp_path) == ["record.json"]

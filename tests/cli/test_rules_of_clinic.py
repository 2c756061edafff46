"""`rules replay --clinic`: a clinic's own history, its load, its outcomes, and what another pack would have said."""

from datetime import timedelta
from pathlib import Path

from flask import Flask

from recovery_api.services.record_audit import Actor
from recovery_api.services.sign_rules import propose_rules, sign_rules
from tests.builders import ClockHand, PatientPersona, Persona, make_clinician, record
from tests.cli.test_clinics_command import refused, run

SHIPPED = Path(__file__).parents[2] / "recovery_api" / "packs" / "rules" / "vertebroplasty.yaml"


def test_a_clinics_own_history_is_replayed_compared_and_counted(
    app: Flask, ann: PatientPersona, clock: ClockHand, tmp_path: Path
) -> None:
    record(ann, 3, days_ago=2)
    record(ann, 3, days_ago=1, symptoms=("fever",))
    later = tmp_path / "later.yaml"
    later.write_text(
        SHIPPED.read_text().replace("tier: urgent\n    sentence: Fever", "tier: today\n    sentence: Fever")
    )
    since, clinic = str((clock.now - timedelta(days=30)).date()), str(ann.clinic.id)
    found = run(app, "rules", "replay", "--clinic", clinic, "--since", since, "--compare", str(later))
    assert found.exit_code == 0, found.output
    assert "1 alert in 1 recovery" in found.output
    assert "The rules: 6 patient-days" in found.output  # the day of the procedure, and five since
    assert "added 1 alerts and removed 1" in found.output
    [line] = [line for line in found.output.splitlines() if line.split()[:2] == ["RF-C", "1"]]
    assert line.split() == ["RF-C", "1", "0", "0", "0"]


def test_a_clinics_own_history_is_replayed_by_the_rules_that_it_signed(
    app: Flask, ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    lead = Actor("clinician", make_clinician(ann.clinic, "lead").id, "lead")
    with ann.clinic.open() as scope:
        changes = {"rules": {"RF-C": {"tier": "today"}}}
        change_id = propose_rules(scope, changes, "fewer calls at night", lead, clock.now)
        sign_rules(scope, change_id, Actor("clinician", ben.id, "clinician"), clock.now)
    record(ann, 3, symptoms=("fever",))
    asked = ("rules", "replay", "--clinic", str(ann.clinic.id), "--since", str(clock.now.date()))
    found = run(app, *asked)
    assert ["RF-C", "today"] in [line.split()[:2] for line in found.output.splitlines()], found.output
    changed = run(app, *asked, "--compare", str(SHIPPED))
    assert "added 1 alerts and removed 1" in changed.output


def test_a_clinic_that_is_not_there_is_refused(app: Flask, ann: PatientPersona) -> None:
    refused(run(app, "rules", "replay", "--clinic", "Nowhere", "--since", "2026-01-01"), "no clinic is called")

"""The configuration of a phone: all it needs to advise without a network."""

import pytest
from flask import Flask

from recovery_api.domain.symptoms import SYMPTOM_TIERS
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinic

NOBODY = "0190b3a4-5f6e-7c8d-9e0f-112233445566"


def test_a_phone_learns_numbers_symptoms_and_advice_of_its_own_clinic(ann: PatientPersona) -> None:
    said = ann.get("/config").json
    assert (said["clinic_name"], said["clinic_phone"], said["emergency_number"]) == (
        "Harbour Clinic", "+12125550199", "911",
    )  # fmt: skip
    assert {one["code"]: one["tier"] for one in said["symptoms"]} == SYMPTOM_TIERS
    assert said["symptoms_version"]
    assert said["least_app_version"]
    advice = {(one["tier"], one["language"]): one["text"] for one in said["advice"]}
    assert set(advice) == {(tier, language) for tier in ("emergency", "urgent") for language in ("en", "es")}
    assert "911" in advice["emergency", "es"]


def test_the_pages_on_the_procedure_are_pointed_to_and_are_there(ann: PatientPersona, clock: ClockHand) -> None:
    known = ann.get("/config").json["about"]
    assert [(one["language"], one["topic"]) for one in known] == [
        (language, topic) for language in ("en", "es") for topic in ("procedure", "benefits", "risks")
    ]
    own = ann.get("/me/episode").json["about"]
    assert own == [one for one in known if one["language"] == "en"]
    said = {"client_id": NOBODY, "recorded_at": clock.now.isoformat(), "pain": 3}
    advice = ann.post("/me/check-ins", json=said).json["advice"]
    for url in [*(one["url"] for one in known), advice["about"]]:
        page = ann.client.get(url, follow_redirects=True)
        assert page.status_code == 200, url
    assert "Risks, and when to call" in page.text


def test_another_country_has_its_own_emergency_number(app: Flask, database: object) -> None:
    clinic = make_clinic(app, emergency_number="112", phone="+12125550188")
    said = app.test_client().get(f"/api/v1/config?clinic={clinic.id}").json
    assert (said["emergency_number"], said["clinic_phone"]) == ("112", "+12125550188")
    assert "112" in said["advice"][0]["text"]


@pytest.mark.parametrize("token", [None, "rta_" + "A" * 43, "nonsense"])
def test_anyone_may_ask_even_with_a_dead_token(
    token: str | None, ann: PatientPersona, other_clinic: BuiltClinic
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = ann.client.get("/api/v1/config", headers=headers)
    assert answer.status_code == 200
    assert (answer.json["clinic_phone"], answer.json["emergency_number"]) == (None, "911")


@pytest.mark.parametrize("token", [None, "rta_" + "A" * 43])
def test_where_there_is_one_clinic_a_phone_whose_token_has_run_out_is_told_whom_to_call(
    token: str | None, ann: PatientPersona
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    said = ann.client.get("/api/v1/config", headers=headers).json
    assert (said["clinic_name"], said["clinic_phone"]) == ("Harbour Clinic", "+12125550199")


def test_staff_get_their_clinics(ben: Persona) -> None:
    assert ben.get("/config").json["clinic_phone"] == "+12125550199"


@pytest.mark.parametrize(("unknown", "status"), [(NOBODY, 404), ("seven", 422), ("", 422)])
def test_a_clinic_that_is_not_there_is_refused(unknown: str, status: int, ann: PatientPersona) -> None:
    assert ann.client.get(f"/api/v1/config?clinic={unknown}").status_code == status

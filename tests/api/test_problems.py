"""Problems: one shape for every refusal, in the caller's language, with the request's id and nothing of the inside."""

import json
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from recovery_api.api import problems
from recovery_api.api.problems import STATUSES, TITLES
from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.domain import errors
from recovery_api.vault import SealBroken
from tests.builders import PatientPersona, Persona, check_in_body

MEMBERS = {"type", "title", "status", "code", "detail", "errors", "request_id"}


def test_a_refusal_has_every_member_and_names_each_field(ann: PatientPersona) -> None:
    answer = ann.post("/me/check-ins", json={"pain": "x", "activity": {"level": "y"}, "colour": "blue"})
    assert answer.content_type == "application/problem+json"
    said = answer.json
    assert set(said) == MEMBERS
    assert (said["status"], said["code"], said["type"]) == (422, "invalid", "/api/v1/docs#invalid")
    assert sorted((one["field"], one["code"]) for one in said["errors"]) == [
        ("activity.level", "invalid"), ("client_id", "required"), ("colour", "unknown"), ("pain", "invalid"),
        ("recorded_at", "required"),
    ]  # fmt: skip
    assert said["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("header", "title"),
    [("es", "Vuelva a identificarse"), ("es-MX,es;q=0.9,en;q=0.1", "Vuelva a identificarse"),
     ("de, en;q=0.5", "Please sign in again"), ("", "Please sign in again"), ("zh", "Please sign in again")],
)  # fmt: skip
def test_the_title_comes_in_the_callers_language(header: str, title: str, ann: PatientPersona) -> None:
    answer = ann.client.get("/api/v1/me", headers={"Accept-Language": header})
    assert answer.json["title"] == title
    assert answer.headers["Content-Language"] == ("es" if header.startswith("es") else "en")


def test_every_code_has_a_title_in_both_languages() -> None:
    codes = {kind.code for kind in STATUSES} | set(problems._HTTP_CODES.values()) | {"unavailable", "failed"}
    assert codes == set(TITLES)
    assert all(english and spanish and english != spanish for english, spanish in TITLES.values())


def test_every_error_of_the_domain_that_a_caller_can_cause_has_a_status() -> None:
    found = (kind for kind in vars(errors).values() if isinstance(kind, type))
    kinds = {kind for kind in found if issubclass(kind, errors.RecoveryError)}
    ours = {errors.RecoveryError, errors.PackError, errors.UnknownText, errors.MissingValue}
    assert kinds - ours <= set(STATUSES)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/", "/api/v1", "/api/v1/patients/seven", "/api/v1/me/"])
def test_a_path_that_is_not_there_is_a_problem_too(path: str, ann: PatientPersona) -> None:
    answer = ann.client.get(path)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert answer.json["request_id"] == answer.headers["X-Request-ID"] != ""


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PUT", "/me", {"GET", "HEAD", "OPTIONS", "PATCH"}), ("DELETE", "/flags", {"GET", "HEAD", "OPTIONS"}),
     ("TRACE", "/me/check-ins", {"GET", "HEAD", "OPTIONS", "POST"}),
     ("GET", "/me/check-ins:batch", {"POST", "OPTIONS"})],
)  # fmt: skip
def test_a_method_that_is_not_there_says_which_are(
    method: str, path: str, allowed: set[str], ann: PatientPersona
) -> None:
    answer = ann.call(method, path)
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/me", "/nothing", "/flags", "/config", "/openapi.json", "/docs", "/patients/x"])
def test_every_answer_carries_its_id_and_the_headers_that_close_it(path: str, ann: PatientPersona) -> None:
    answers = [ann.get(path), ann.get(path)]
    assert len({answer.headers["X-Request-ID"] for answer in answers}) == 2
    for answer in answers:
        assert len(answer.headers["X-Request-ID"]) == 32
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers


def test_a_callers_own_request_id_is_not_taken_over(ann: PatientPersona) -> None:
    answer = ann.get("/me", headers={"X-Request-ID": 'mine"><script>'})
    assert "mine" not in answer.headers["X-Request-ID"]


def test_a_page_outside_the_api_gets_no_problem(app: Flask) -> None:
    answer = app.test_client().get("/apiary")
    assert answer.status_code == 404
    assert answer.content_type != "application/problem+json"


def test_a_database_that_is_away_is_said_so_with_when_to_come_again(settings: Settings) -> None:
    away = create_app(replace(settings, database_url="postgresql://recovery_app:x@127.0.0.1:1/nowhere"))
    bearer = {"Authorization": f"Bearer rta_{'A' * 43}"}
    for method, path in (("GET", "/me"), ("POST", "/me/check-ins"), ("GET", "/config")):
        answer = away.test_client().open(f"/api/v1{path}", method=method, headers=bearer)
        assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert set(answer.json) == MEMBERS
        assert "127.0.0.1" not in answer.text
    assert away.test_client().get("/api/v1/openapi.json").status_code == 200


def test_a_failure_inside_tells_the_caller_nothing_and_the_log_only_its_place(
    ann: PatientPersona, ben: Persona, capsys: pytest.CaptureFixture[str]
) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(
            text("UPDATE patient SET given_name_sealed = family_name_sealed WHERE id = :id"), {"id": ann.id}
        )
    answer = ben.get(f"/patients/{ann.id}")
    assert (answer.status_code, answer.json["code"]) == (500, "failed")
    assert set(answer.json) == MEMBERS
    for word in ("Traceback", SealBroken.__name__, "given_name", ".py", "Testerby"):
        assert word not in answer.text
    logged = capsys.readouterr().out
    assert SealBroken.__name__ in logged
    assert answer.json["request_id"] in logged
    assert "Testerby" not in logged


def test_an_app_that_is_too_old_is_told_to_update(ann: PatientPersona) -> None:
    for version, status in (("0.9.9", 426), ("1", 200), ("1.0.0", 200), ("12.3", 200), ("one", 422), ("1.0.0.0", 422)):
        answer = ann.get("/me", headers={"App-Version": version})
        assert answer.status_code == status, version
    told = ann.post("/me/check-ins", json=check_in_body(ann), headers={"App-Version": "0.1"})
    assert (told.status_code, told.json["code"]) == (426, "app_too_old")
    assert ann.get("/me/check-ins").json["items"] == []


def test_json_goes_out_as_utf_8_without_html(ann: PatientPersona) -> None:
    answer = ann.post("/me/check-ins", json=check_in_body(ann, note="<script>alert(1)</script> ü"))
    assert answer.content_type == "application/json"
    assert json.loads(answer.data)["note"] == "<script>alert(1)</script> ü"

"""The web hooks for calls: signed, within their grammar, answered with words after the commit, each step once."""

from collections.abc import Mapping
from io import BytesIO
from urllib.parse import urlencode
from uuid import uuid4
from xml.etree.ElementTree import fromstring

import pytest
from sqlalchemy import select
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from recovery_api.hooks.voice_form import BadForm, read_voice
from recovery_api.models import tables
from tests.builders import PatientPersona
from tests.database import ACCOUNT, TOKEN

BASE = "/webhooks/twilio/voice"


def form(clinic_number: str, phone: str, sid: str, **more: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "CallSid": sid, "CallStatus": "in-progress",
        "Called": clinic_number, "Caller": phone, "Direction": "inbound", "From": phone, "To": clinic_number,
        "CallerCity": "NEW YORK", "CallerCountry": "US", "StirVerstat": "TN-Validation-Passed-A", **more,
    }  # fmt: skip


def post(patient: PatientPersona, target: str, fields: Mapping[str, str], token: str = TOKEN) -> TestResponse:
    url = f"{patient.clinic.wiring.settings.public_url}{target}"
    return patient.client.post(
        target,
        data=urlencode(fields),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": RequestValidator(token).compute_signature(url, fields)},
    )


@pytest.fixture
def call(ann: PatientPersona) -> dict[str, str]:
    return form(ann.clinic.number, ann.phone, f"CA{uuid4().hex}")


def action_of(answer: TestResponse) -> str:
    gather = fromstring(answer.data).find("Gather")
    assert gather is not None
    address = gather.attrib["action"]
    return BASE + address.partition(BASE)[2].partition("#")[0]


def test_a_call_to_us_is_answered_with_a_question_for_keys_and_the_pound_key(
    ann: PatientPersona, call: dict[str, str]
) -> None:
    answer = post(ann, f"{BASE}/inbound", call)
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    gather = fromstring(answer.data).find("Gather")
    assert gather is not None
    assert (gather.attrib["finishOnKey"], gather.attrib["actionOnEmptyResult"]) == ("#", "true")
    assert ann.phone not in answer.text
    assert str(ann.id) not in answer.text


def test_keys_are_committed_before_the_next_words_and_repeated_ones_change_nothing(
    ann: PatientPersona, call: dict[str, str]
) -> None:
    to_pain = action_of(post(ann, f"{BASE}/inbound", call))
    to_confirm = action_of(post(ann, to_pain, call | {"Digits": "1"}))
    to_save = action_of(post(ann, to_confirm, call | {"Digits": "10"}))
    first = post(ann, to_save, call | {"Digits": "1"})
    assert first.status_code == 200
    assert post(ann, to_save, call | {"Digits": "1"}).data == first.data
    with ann.clinic.open() as scope:
        assert scope.connection.execute(select(tables.check_in.c.pain)).scalars().all() == [10]


def test_a_call_is_put_through_with_the_clinics_number_shown(ann: PatientPersona, call: dict[str, str]) -> None:
    menu = action_of(post(ann, f"{BASE}/inbound", call))
    dial = fromstring(post(ann, menu, call | {"Digits": "0"}).data).find("Dial")
    assert dial is not None
    assert (dial.text, dial.attrib["callerId"]) == ("+12125550199", ann.clinic.number)


def test_the_end_of_a_call_to_us_is_followed_by_its_number(ann: PatientPersona, call: dict[str, str]) -> None:
    menu = action_of(post(ann, f"{BASE}/inbound", call))
    post(ann, action_of(post(ann, menu, call | {"Digits": "1"})), call | {"Digits": "9"})
    assert post(ann, f"{BASE}/status", call | {"CallStatus": "completed"}).status_code == 200
    with ann.clinic.open() as scope:
        assert scope.connection.execute(select(tables.flag.c.rule)).scalars().all() == ["call_unfinished"]


@pytest.mark.parametrize("target", ["/inbound", "/answer?c=" + "0" * 64, "/keys?n=0&c=" + "0" * 64, "/status"])
def test_nothing_unsigned_is_answered(ann: PatientPersona, call: dict[str, str], target: str) -> None:
    assert post(ann, BASE + target, call, token="another").status_code == 403
    assert ann.client.post(BASE + target, data=call).status_code == 403


@pytest.mark.parametrize(
    ("target", "changes", "status"),
    [
        ("/answer?c=" + "0" * 64, {}, 404),
        ("/answer?c=short", {}, 404),
        ("/answer", {}, 404),
        ("/keys?n=x&c=" + "0" * 64, {}, 404),
        ("/keys?n=-1&c=" + "0" * 64, {}, 404),
        ("/inbound", {"To": "+19995550100"}, 404),
        ("/inbound", {"AccountSid": "AC" + "9" * 32}, 403),
        ("/inbound", {"Digits": "1From+12125550142"}, 403),
        ("/inbound", {"CallerCity": "XDigits7"}, 403),
        ("/inbound", {"NewField": "1Digits7"}, 403),
        ("/inbound", {"CallStatus": "invented"}, 403),
    ],
)
def test_what_is_not_a_call_of_ours_is_refused(
    ann: PatientPersona, call: dict[str, str], target: str, changes: dict[str, str], status: int
) -> None:
    answer = post(ann, BASE + target, call | changes)
    assert (answer.status_code, answer.mimetype) == (status, "text/plain")
    with ann.clinic.open() as scope:
        assert scope.connection.execute(select(tables.phone_call)).all() == []


@pytest.mark.parametrize("path", [f"{BASE}/inbound", "/webhooks/twilio/inbound", "/sign-in"])
def test_a_form_that_does_not_say_its_length_is_refused_by_what_comes(ann: PatientPersona, path: str) -> None:
    chunked = {"wsgi.input": BytesIO(b"Body=" + b"x" * 100_000), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    form_type = "application/x-www-form-urlencoded"
    assert ann.client.post(path, content_type=form_type, environ_overrides=chunked).status_code == 413


def test_a_hidden_number_is_a_stranger(ann: PatientPersona, call: dict[str, str]) -> None:
    answer = post(ann, f"{BASE}/inbound", call | {"From": "anonymous", "Caller": "anonymous"})
    assert fromstring(answer.data).find("Dial") is not None


@pytest.mark.parametrize("missing", ["CallSid", "AccountSid", "From", "To", "CallStatus"])
def test_a_form_without_its_least_fields_is_refused(missing: str) -> None:
    fields = {name: [value] for name, value in form("+12125550100", "+12125550141", "CA" + "1" * 32).items()}
    del fields[missing]
    with pytest.raises(BadForm):
        read_voice(fields)

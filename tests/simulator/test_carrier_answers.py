"""What the simulated carrier answers is valid by Twilio's own OpenAPI document, and takes what that takes."""

import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from jsonschema import Draft202012Validator, FormatChecker

from recovery_api.packs.carrier_codes import carrier_codes
from recovery_api.simulator import carrier_requests
from recovery_api.simulator.carrier import Carrier
from recovery_api.simulator.carrier_delivery import Pace
from recovery_api.simulator.carrier_faults import KINDS

DATA = Path(__file__).parents[1] / "data/twilio"
SPEC = json.loads((DATA / "twilio_api_v2010.trimmed.json").read_text())
MAGIC = json.loads((DATA / "magic_numbers.json").read_text())
ACCOUNT, TOKEN = "AC" + "a" * 32, "t" * 32
SERVICE = "MG" + "b" * 32
ANN, CLINIC = "+12125550123", "+12125550100"
LIST, ONE = "/2010-04-01/Accounts/{AccountSid}/Messages.json", "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"

formats = FormatChecker(formats=())


@formats.checks("date-time-rfc-2822", raises=(TypeError, ValueError))
def is_mail_date(value: object) -> bool:
    """The dates of Twilio's resources."""
    return not isinstance(value, str) or parsedate_to_datetime(value) is not None


def in_json_schema(rule: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema: null where it says nullable, and no reference left."""
    if isinstance(rule, list):
        return [in_json_schema(one) for one in rule]
    if not isinstance(rule, dict):
        return rule
    if "$ref" in rule:
        return in_json_schema(SPEC["components"]["schemas"][rule["$ref"].rpartition("/")[2]])
    made = {name: in_json_schema(one) for name, one in rule.items() if name not in ("nullable", "example")}
    if not rule.get("nullable"):
        return made
    if "enum" in made:
        made["enum"] = [*made["enum"], None]
    return {**made, "type": [made["type"], "null"]} if "type" in made else made


def validator(path: str, method: str, status: str) -> Draft202012Validator:
    schema = SPEC["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]
    return Draft202012Validator(in_json_schema(schema), format_checker=formats)


@pytest.fixture(scope="module")
def carrier() -> Iterator[Carrier]:
    with Carrier(ACCOUNT, TOKEN, pace=Pace(sent=3600)) as carrier:
        yield carrier


def ask(carrier: Carrier, method: str, path: str, **fields: str) -> requests.Response:
    where = carrier.address + path.replace("{AccountSid}", ACCOUNT)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return requests.request(method, where, data=urlencode(fields), auth=(ACCOUNT, TOKEN), headers=headers, timeout=10)


def send(carrier: Carrier, **changes: str) -> requests.Response:
    return ask(carrier, "POST", LIST, **{"To": ANN, "From": CLINIC, "Body": "Pain 0-10?", **changes})


def test_the_translated_schema_refuses_what_it_should() -> None:
    schema = validator(LIST, "post", "201")
    good = SPEC["paths"][LIST]["post"]["responses"]["201"]["content"]["application/json"]["examples"]["create"]["value"]
    assert list(schema.iter_errors(good)) == []
    for wrong in ({"status": "on its way"}, {"sid": "SM1"}, {"date_created": "yesterday"}, {"error_code": "30003"}):
        assert list(schema.iter_errors({**good, **wrong})) != [], wrong


def test_every_answer_about_texts_is_valid_by_twilios_document(carrier: Carrier) -> None:
    created = [send(carrier), send(carrier, MessagingServiceSid=SERVICE), send(carrier, Body="¿Cómo está? " * 20)]
    for answer in created:
        assert answer.status_code == 201
        validator(LIST, "post", "201").validate(answer.json())
    sids = [answer.json()["sid"] for answer in created]
    for sid, status, code in zip(sids, ("delivered", "undelivered", "failed"), (None, 30006, 30007), strict=True):
        carrier.state.move(sid, status, code)
    carrier.delivery.receive(ANN, CLINIC, "STOP", media=2)
    listed = ask(carrier, "GET", f"{LIST}?PageSize=2")
    validator(LIST, "get", "200").validate(listed.json())
    everything = ask(carrier, "GET", f"{LIST}?PageSize=1000").json()
    validator(LIST, "get", "200").validate(everything)
    assert len(everything["messages"]) == 5, "three sent, one received, the carrier's own reply"
    for sid in sids:
        path = ONE.replace("{Sid}", sid)
        validator(ONE, "get", "200").validate(ask(carrier, "GET", path).json())
        validator(ONE, "post", "200").validate(ask(carrier, "POST", path, Body="").json())
    assert ask(carrier, "DELETE", ONE.replace("{Sid}", sids[0])).status_code == 204


def test_every_field_of_twilios_document_is_taken_and_no_other(carrier: Carrier) -> None:
    form = SPEC["paths"][LIST]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert set(carrier_requests._FIELDS) == set(form["properties"])
    refused = send(carrier, Bogus="1")
    assert (refused.status_code, refused.json()["code"]) == (400, 20001)
    assert set(refused.json()) == {"code", "message", "more_info", "status"}


@pytest.mark.parametrize(("number", "code"), MAGIC["to"].items())
def test_the_numbers_of_twilios_test_credentials_answer_as_they_do_there(
    carrier: Carrier, number: str, code: int
) -> None:
    answer = send(carrier, To=number)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_every_code_that_it_refuses_with_is_in_the_products_table() -> None:
    refused = {code for _, code in carrier_requests._FIELDS.values() if code}
    refused |= {*carrier_requests._MAGIC_TO.values(), *carrier_requests._MAGIC_FROM.values(), 30006, 30007, 30003}
    known = set(carrier_codes().codes)
    assert {21610, 21614, 30006, 30007} <= refused & known
    assert refused - known <= {20422, 21705, 21609, 21624, 21620, 21655}, "bad requests: the table's default"


def test_the_faults_that_a_channel_must_stand_are_all_there() -> None:
    assert {
        "reorder", "deliver_twice", "late", "no_webhooks", "drop_before", "callbacks_first", "throttle",
        "carrier_blocks", "landline", "not_mobile", "hang_after_accept", "reset_after_accept",
    } <= KINDS  # fmt: skip

"""The canaries of the whole run see a phone and whatever was sealed, and take no id for a phone."""

import logging
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask, Response, request_finished

from recovery_api.logs import log
from tests.builders import PatientPersona
from tests.canaries import Canaries
from tests.leaks import phones_in

WORDS = "my legs feel weak since last night"


@pytest.fixture
def seen(canaries: Canaries) -> Canaries:
    """What was found in this test, which is not a fault here."""
    return canaries


def taken(seen: Canaries) -> int:
    """How many lines were found, which are then forgotten."""
    found = seen.found()
    seen.forget()
    return len(found)


def test_a_phone_in_a_log_line_is_seen_whatever_writes_it(seen: Canaries) -> None:
    log("text.sent", reason="to +12125550141")
    logging.getLogger("somebody").warning("could not reach %s", "2125550142")
    try:
        raise ValueError("12125550143")
    except ValueError:
        logging.getLogger("somebody").exception("it broke")
    assert taken(seen) == 3
    log("text.sent", lane="bulk", outcome="Accepted", message_id=str(uuid4()), count=2125550)
    assert taken(seen) == 0


def test_what_a_patient_wrote_is_seen(ann: PatientPersona, seen: Canaries) -> None:
    with ann.clinic.open() as scope:
        scope.seal("message.body", ann.id, WORDS)
    log("inbound.stuck", error=f"cannot read: {WORDS}")
    log("patient.viewed", reason="Testerby")
    assert taken(seen) == 2


def test_a_phone_in_an_error_answer_is_seen(app: Flask, seen: Canaries) -> None:
    with app.test_request_context("/"):
        request_finished.send(app, response=Response("+12125550141", 409, mimetype="application/problem+json"))
        request_finished.send(app, response=Response("+12125550141", 200, mimetype="application/json"))
    assert taken(seen) == 1


def test_a_phone_in_a_file_of_a_process_is_seen(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("{}\n")
    (tmp_path / "ticker.out").write_text("Traceback\nKeyError: '+12125550141'\n")
    assert phones_in(tmp_path) == {str(tmp_path / "ticker.out")}

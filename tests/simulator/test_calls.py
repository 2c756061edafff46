"""The simulated carrier plays calls: it rings, says what it is told, takes keys, and tells how they ended."""

import base64
import http.client
import json
import time
from urllib.parse import urlencode, urlsplit

import pytest

from recovery_api.simulator.carrier import Carrier
from recovery_api.simulator.carrier_delivery import Pace
from recovery_api.simulator.server import Answer
from tests.simulator.hook_sink import hook_sink

ACCOUNT, TOKEN = "AC" + "a" * 32, "t" * 32
ANN, CLINIC = "+15555550123", "+15555550100"
XML = {"Content-Type": "text/xml"}


@pytest.fixture
def sink():
    with hook_sink(TOKEN) as sink:
        yield sink


@pytest.fixture
def carrier(sink):
    with Carrier(ACCOUNT, TOKEN, sink.site, pace=Pace(sent=0, delivered=0)) as carrier:
        yield carrier


def ask(carrier, method, path, content=None, **headers):
    connection = http.client.HTTPConnection(urlsplit(carrier.address).netloc, timeout=10)
    body = json.dumps(content) if isinstance(content, dict) else content
    connection.request(method, path, body, {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    return answer.status, json.loads(raw) if raw else None


def call_ann(carrier, sink):
    basic = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    fields = {"To": ANN, "From": CLINIC, "Url": f"{sink.site}/words", "StatusCallback": f"{sink.site}/status"}
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    status, made = ask(carrier, "POST", path, urlencode(fields), Authorization=f"Basic {basic}")
    assert status == 201
    return made["sid"]


def gather(sink, words="Press a key"):
    return Answer(
        200, f'<Response><Gather action="{sink.site}/keys"><Say>{words}</Say></Gather></Response>'.encode(), XML
    )


def shown(carrier):
    return ask(carrier, "GET", f"/simulator/calls?phone=%2B{ANN[1:]}")[1]["items"]


def behave(carrier, **how):
    assert ask(carrier, "POST", "/simulator/phones", {"phone": ANN, **how})[0] == 204


def test_a_scripted_phone_presses_its_keys_and_hears_the_words(carrier, sink):
    behave(carrier, answers="human", keys=["1", "7"])
    sink.answers = [
        gather(sink, "Who?"),
        gather(sink, "Pain?"),
        Answer(200, b"<Response><Say>Bye</Say></Response>", XML),
    ]
    sid = call_ann(carrier, sink)
    words, first, second, end = sink.taken(4)
    assert all(hook["signed"] for hook in (words, first, second, end))
    assert (words["CallSid"], words["AnsweredBy"], words["path"]) == (sid, "human", "/words")
    assert (first["Digits"], second["Digits"], end["CallStatus"]) == ("1", "7", "completed")
    assert [line["words"] for line in shown(carrier)[0]["heard"]] == [
        "Who?",
        "1",
        "Pain?",
        "7",
        "Bye",
        "The call is over.",
    ]


def test_a_phone_that_runs_out_of_keys_hangs_up_in_the_midst(carrier, sink):
    behave(carrier, answers="human", keys=["1"])
    sink.answers = [gather(sink), gather(sink)]
    call_ann(carrier, sink)
    assert [hook["CallStatus"] for hook in sink.taken(3)] == ["in-progress", "in-progress", "completed"]


@pytest.mark.parametrize(("answers", "status"), [("busy", "busy"), ("no_answer", "no-answer"), ("fails", "failed")])
def test_a_call_that_nobody_takes_tells_how_it_ended_and_asks_for_no_words(carrier, sink, answers, status):
    behave(carrier, answers=answers)
    call_ann(carrier, sink)
    hook = sink.next()
    assert (hook["path"], hook["CallStatus"]) == ("/status", status)
    assert sink.empty


def test_a_machine_says_that_it_is_one(carrier, sink):
    behave(carrier, answers="machine")
    call_ann(carrier, sink)
    assert sink.next()["AnsweredBy"] == "machine_end_beep"


def test_keys_pressed_by_hand_are_sent_with_the_pound_key(carrier, sink):
    sid = call_ann(carrier, sink)
    sink.answers = [gather(sink, "Pain?"), Answer(200, b"<Response/>", XML)]
    for _ in range(200):
        if shown(carrier)[0]["status"] == "ringing":
            break
        time.sleep(0.01)
    assert ask(carrier, "POST", f"/simulator/calls/{sid}/pick-up", {})[1]["waits_for"] == "keys"
    assert ask(carrier, "POST", f"/simulator/calls/{sid}/keys", {"keys": "1"})[1]["typed"] == "1"
    assert ask(carrier, "POST", f"/simulator/calls/{sid}/keys", {"keys": "0#"})[1]["status"] == "completed"
    assert [hook.get("Digits") for hook in sink.taken(3)] == [None, "10", None]


def test_a_phone_can_call_and_be_put_through(carrier, sink):
    dial = f'<Response><Dial action="{sink.site}/dialed">+15555550199</Dial></Response>'
    sink.answers = [Answer(200, dial.encode(), XML), Answer(200, b"<Response><Hangup/></Response>", XML)]
    status, _ = ask(
        carrier, "POST", "/simulator/calls", {"from": ANN, "to": CLINIC, "answers": "human", "clinic_answers": False}
    )
    assert status == 201
    words, dialed, end = sink.taken(3)
    assert (words["path"], words["Direction"]) == ("/webhooks/twilio/voice/inbound", "inbound")
    assert (dialed["path"], dialed["DialCallStatus"], end["CallStatus"]) == ("/dialed", "no-answer", "completed")


def test_an_application_that_fails_ends_the_call_as_twilio_does(carrier, sink):
    behave(carrier, answers="human", keys=["1"])
    sink.answers = [Answer(500), Answer(500)]
    call_ann(carrier, sink)
    assert sink.taken(2)[-1]["CallStatus"] in ("completed", "in-progress")
    assert "application error" in shown(carrier)[0]["heard"][0]["words"]


@pytest.mark.parametrize("how", [{"answers": "dances"}, {"keys": "12"}, {"keys": [1]}, {"phone": "x"}], ids=str)
def test_a_phone_told_nonsense_refuses(carrier, how):
    assert ask(carrier, "POST", "/simulator/phones", {"phone": ANN, **how})[0] == 400

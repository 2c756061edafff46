"""Scripts: what may stand in one, what it does to the carrier, and that the same seed does the same again."""

import contextlib
import datetime as dt
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from recovery_api.simulator.carrier import Carrier
from recovery_api.simulator.carrier_delivery import Pace
from recovery_api.simulator.carrier_script import BadScript, made_up_phone, read_script, script_in
from recovery_api.simulator.server import Answer, CarrierServer
from tests.simulator.hook_sink import HookSink, hook_sink

ACCOUNT, TOKEN = "AC" + "a" * 32, "t" * 32
ANN, BEA, CLINIC = "+12125550123", "+12125550124", "+12125550100"
ROOT = Path(__file__).parents[2]
SOON = Pace(sent=0.0, delivered=0.0)
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


@pytest.fixture
def sink() -> Iterator[HookSink]:
    with hook_sink(TOKEN) as sink:
        yield sink


@pytest.fixture
def carrier(sink: HookSink) -> Iterator[Carrier]:
    with Carrier(ACCOUNT, TOKEN, sink.site, pace=SOON, seed=7) as carrier:
        yield carrier


def lever(carrier: Carrier, method: str, path: str, content: object = None) -> Any:
    answer = requests.request(method, f"{carrier.address}/simulator/{path}", json=content, timeout=10)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def send(carrier: Carrier, to: str = ANN, body: str = "Pain 0-10?", **fields: str) -> requests.Response:
    form = {"To": to, "From": CLINIC, "Body": body, **fields}
    return requests.post(carrier.address + MESSAGES, data=form, auth=(ACCOUNT, TOKEN), timeout=10)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be"
        threading.Event().wait(0.01)


def at_rest(carrier: Carrier) -> bool:
    return not len(carrier._timetable) and not carrier._webhooks.counts()["outstanding"]


# single faults


def test_callbacks_may_come_before_the_answer_to_the_send(carrier: Carrier, sink: HookSink) -> None:
    carrier.faults.add({"fault": "callbacks_first", "seconds": 1.5, "times": 1})
    answered: queue.Queue[requests.Response] = queue.Queue()
    sender = threading.Thread(target=lambda: answered.put(send(carrier, StatusCallback=sink.site)))
    sender.start()
    sids = {hook["MessageSid"] for hook in sink.taken(2)}
    assert answered.empty(), "both callbacks came, and the answer has not"
    sender.join()
    answer = answered.get_nowait()
    assert (answer.status_code, {answer.json()["sid"]}) == (201, sids)


def test_a_callback_is_overtaken_by_the_next_one(carrier: Carrier, sink: HookSink) -> None:
    carrier.faults.add({"fault": "reorder", "on": "status", "times": 1})
    send(carrier, StatusCallback=sink.site)
    assert [hook["MessageStatus"] for hook in sink.taken(2)] == ["delivered", "sent"]


def test_a_text_that_waits_to_be_overtaken_goes_by_itself_in_the_end(carrier: Carrier, sink: HookSink) -> None:
    carrier.faults.add({"fault": "reorder", "on": "inbound", "seconds": 0.05, "times": 1})
    lever(carrier, "POST", "inbound", {"from": ANN, "to": CLINIC, "body": "7"})
    assert sink.next()["Body"] == "7"


def test_callbacks_are_doubled_where_they_are_asked_for(carrier: Carrier, sink: HookSink) -> None:
    carrier.faults.add({"fault": "deliver_twice", "on": "status"})
    send(carrier, StatusCallback=sink.site)
    assert sorted(hook["MessageStatus"] for hook in sink.taken(4)) == ["delivered", "delivered", "sent", "sent"]


def test_a_number_that_is_no_mobile_is_refused_at_once(carrier: Carrier) -> None:
    carrier.faults.add({"fault": "not_mobile", "phone": ANN})
    assert (send(carrier).json()["code"], send(carrier, to=BEA).status_code) == (21614, 201)


def test_a_throttled_send_says_when_to_come_again(carrier: Carrier) -> None:
    carrier.faults.add({"fault": "throttle", "seconds": 3, "times": 1})
    refused = send(carrier)
    assert (refused.status_code, refused.headers["Retry-After"], refused.json()["code"]) == (429, "3", 20429)
    assert send(carrier).status_code == 201


def test_a_carriers_desk_may_close_a_phone_without_a_text(carrier: Carrier) -> None:
    lever(carrier, "POST", "opt-outs", {"phone": ANN, "number": CLINIC})
    assert lever(carrier, "GET", "opt-outs") == {"items": [{"phone": ANN, "number": CLINIC}]}
    assert send(carrier).json()["code"] == 21610
    lever(carrier, "POST", "opt-outs", {"phone": ANN, "number": CLINIC, "opted_out": False})
    assert send(carrier).status_code == 201


# scripts


def test_events_come_in_the_order_of_their_times_whatever_the_order_of_the_file() -> None:
    script = read_script(
        {"events": [
            {"at": "2m", "text": {"from": ANN, "to": CLINIC, "body": "8"}},
            {"at": 1, "fault": {"fault": "late", "seconds": 1}},
            {"at": "1h", "end_faults": True},
            {"at": "7d", "opt_out": {"phone": ANN, "number": CLINIC}},
        ], "speed": 60},
        seed=1,
    )  # fmt: skip
    assert [(event.at, event.kind) for event in script.events] == [
        (1, "fault"), (120, "text"), (3600, "end_faults"), (604_800, "opt_out"),
    ]  # fmt: skip
    assert script.wait(script.events[1]) == 2


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"events": {}},
        {"events": [], "colour": 1},
        {"events": [], "speed": 0},
        {"events": [], "speed": True},
        {"events": [], "lockstep": "yes"},
        {"events": [5]},
        {"events": [{"at": 1}]},
        {"events": [{"at": "soon", "end_faults": True}]},
        {"events": [{"at": -1, "end_faults": True}]},
        {"events": [{"at": 1, "end_faults": True, "text": {}}]},
        {"events": [{"at": 1, "outage": {"of": "all"}}]},
        {"events": [{"at": 1, "outage": {"of": "moon", "for": "1d"}}]},
        {"events": [{"at": 1, "burst": {"phones": 0}}]},
        {"events": [{"at": 1, "burst": {"phones": ["me"]}}]},
        {"events": [{"at": 1, "burst": {"phones": 5, "bodies": []}}]},
        {"events": [{"at": 1, "burst": {"phones": 5, "colour": "red"}}]},
    ],
    ids=lambda content: json.dumps(content)[:60],
)
def test_a_script_that_makes_no_sense_is_refused(content: object, carrier: Carrier) -> None:
    with pytest.raises(BadScript):
        read_script(content, seed=1)
    refused = requests.post(f"{carrier.address}/simulator/script", json=content, timeout=10)
    assert refused.status_code == 400


@pytest.mark.parametrize(
    "event",
    [{"text": {"from": "me"}}, {"fault": {"fault": "gremlins"}}, {"opt_out": {"phone": ANN}},
     {"text": {"from": ANN, "colour": "red"}}, {"text": {"from": ANN, "ago": -1}}],
    ids=["phone", "fault", "number", "unknown", "ago"],
)  # fmt: skip
def test_a_script_is_refused_before_its_first_event_where_its_last_cannot_be_played(
    event: dict[str, Any], carrier: Carrier
) -> None:
    wanted = {"events": [{"at": 0, "fault": {"fault": "late"}}, {"at": 1, **event}]}
    refused = requests.post(f"{carrier.address}/simulator/script", json=wanted, timeout=10)
    assert refused.status_code == 400
    assert carrier.faults.listed() == []


def test_a_script_may_be_yaml_or_json_and_neither_is_refused() -> None:
    yaml = f'events:\n  - at: 5m\n    text: {{from: "{ANN}", to: "{CLINIC}", body: "7"}}\n'
    as_json = json.dumps({"events": [{"at": 300, "text": {"from": ANN, "to": CLINIC, "body": "7"}}]})
    assert script_in(yaml, 1) == script_in(as_json, 1)
    for broken in ("{", "events: [", "!!python/object/apply:os.getcwd []"):
        with pytest.raises(BadScript):
            script_in(broken, 1)


def test_the_script_in_the_documents_is_one_that_the_carrier_takes(carrier: Carrier) -> None:
    printed = (ROOT / "docs/simulator.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    script = script_in(printed, 7)
    assert {"fault", "outage_begins", "text", "opt_out", "end_faults"} <= {event.kind for event in script.events}
    carrier.player._check(script)
    [fault] = [carrier.faults.read(dict(event.facts)) for event in script.events if event.kind == "fault"]
    assert fault.on == "all", "YAML reads a bare `on` as true"


def test_five_hundred_phones_answer_at_once_and_every_text_is_posted_and_listed(
    carrier: Carrier, sink: HookSink
) -> None:
    script = {"events": [{"at": 0, "burst": {"phones": 500, "to": CLINIC, "bodies": ["7", "3", "my legs are weak"]}}]}
    assert lever(carrier, "POST", "script", script) == {"events": 500, "seconds": 0}
    hooks = sink.taken(500)
    assert {hook["From"] for hook in hooks} == {made_up_phone(number) for number in range(500)}
    assert {hook["Body"] for hook in hooks} == {"7", "3", "my legs are weak"}
    assert all(hook["signed"] for hook in hooks)
    listed = requests.get(
        f"{carrier.address}{MESSAGES}", {"To": CLINIC, "PageSize": "1000"}, auth=(ACCOUNT, TOKEN), timeout=10
    ).json()["messages"]
    assert {one["sid"] for one in listed} == {hook["MessageSid"] for hook in hooks}


def test_a_weeks_outage_leaves_the_weeks_texts_in_the_list_with_their_dates(carrier: Carrier, sink: HookSink) -> None:
    texts = [
        {"at": f"{day}d", "text": {"from": made_up_phone(day), "to": CLINIC, "body": f"day {day}"}} for day in range(9)
    ]
    outage = {"at": "12h", "outage": {"for": "7d", "of": "all"}}
    lever(carrier, "POST", "script", {"speed": 8 * 86_400 / 0.4, "events": [outage, *texts]})
    until(lambda: len(carrier.state.messages.thread(None, 99)) == 9)
    assert {hook["Body"] for hook in sink.taken(2)} == {"day 0", "day 8"}
    assert sink.empty
    assert carrier.faults.listed() == []
    texts_kept = carrier.state.messages.thread(None, 99)
    days = [round((texts_kept[-1].created_at - one.created_at) / dt.timedelta(days=1)) for one in texts_kept]
    assert days == list(range(8, -1, -1))
    since = (texts_kept[-1].created_at - dt.timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    listed = requests.get(
        f"{carrier.address}{MESSAGES}", {"To": CLINIC, "DateSent>": since}, auth=(ACCOUNT, TOKEN), timeout=10
    ).json()["messages"]
    assert {one["body"] for one in listed} == {f"day {day}" for day in range(1, 9)}


# the same again

PLAY = {
    "speed": 100,
    "lockstep": True,
    "events": [
        {"at": 0, "fault": {"fault": "late", "rate": 0.3, "seconds": 0.02, "on": "all"}},
        {"at": 0, "fault": {"fault": "deliver_twice", "rate": 0.4, "on": "all"}},
        {"at": 0, "fault": {"fault": "reorder", "rate": 0.3, "on": "status", "seconds": 0.2}},
        {"at": 0, "fault": {"fault": "carrier_blocks", "rate": 0.2}},
        {"at": 0, "fault": {"fault": "throttle", "rate": 0.2, "on": "create"}},
        {"at": 0, "fault": {"fault": "reset_after_accept", "rate": 0.1}},
        {"at": 1, "opt_out": {"phone": ANN, "number": CLINIC}},
        {"at": 2, "burst": {"phones": 60, "to": CLINIC, "bodies": ["7", "9", "STOP", "HELP", "hello"]}},
        {"at": 12, "outage": {"for": 5, "of": "webhooks"}},
        {"at": 13, "burst": {"phones": 20, "to": CLINIC, "bodies": ["4", "0"], "over": 1}},
        {"at": 30, "text": {"from": ANN, "to": CLINIC, "body": "START"}},
    ],
}


def play(seed: int) -> dict[str, Any]:
    """The log of one run against an application that answers every text once, from many threads."""

    def answer_text(request: Any) -> Answer:
        fields = dict(pair.split("=", 1) for pair in request.body.decode().split("&"))
        if fields.get("SmsStatus") == "received" and (fields["From"], fields["SmsSid"]) not in answered:
            answered.add((fields["From"], fields["SmsSid"]))
            phone = fields["From"].replace("%2B", "+")
            form = {"To": phone, "From": CLINIC, "Body": "Saved.", "StatusCallback": application.address + "/status"}
            with contextlib.suppress(requests.ConnectionError):
                requests.post(carrier.address + MESSAGES, data=form, auth=(ACCOUNT, TOKEN), timeout=10)
        return Answer(200, b"<Response/>", {"Content-Type": "text/xml"})

    answered: set[tuple[str, str]] = set()
    application = CarrierServer("127.0.0.1", 0, answer_text)
    application.start()
    try:
        with Carrier(ACCOUNT, TOKEN, application.address, pace=SOON, seed=seed) as carrier:
            lever(carrier, "POST", "script", PLAY)
            until(lambda: len(carrier.state.log.as_json()["script"]) == 90 and at_rest(carrier))
            log: dict[str, Any] = lever(carrier, "GET", "log")
            return log
    finally:
        application.stop()


def test_two_runs_with_the_same_seed_and_script_have_the_same_log_and_another_seed_has_another() -> None:
    first, second, other = play(3), play(3), play(4)
    assert first == second
    assert first != other
    assert first["left_out"] == 0
    steps = [step for text in first["texts"] for step in text["steps"]]
    assert {step["what"] for step in steps} == {"text", "taken", "status", "hook", "refused", "spoilt"}
    assert any(step.get("reordered") for step in steps)
    assert any(step.get("copies") == 2 for step in steps)
    assert any(step.get("withheld") for step in steps)
    assert any(step.get("error_code") == 30007 for step in steps)


def test_the_log_can_be_read_phone_by_phone_and_a_reset_empties_it(carrier: Carrier) -> None:
    for phone in (ANN, BEA):
        lever(carrier, "POST", "inbound", {"from": phone, "to": CLINIC, "body": "7"})
    assert [text["phone"] for text in lever(carrier, "GET", f"log?phone={ANN.replace('+', '%2B')}")["texts"]] == [ANN]
    lever(carrier, "POST", "reset", {})
    assert lever(carrier, "GET", "log") == {"script": [], "texts": [], "left_out": 0}


def test_the_command_plays_a_script_and_writes_its_log_when_it_ends(tmp_path: Path) -> None:
    script, log = tmp_path / "play.yaml", tmp_path / "log.json"
    script.write_text(f'events:\n  - at: 0\n    text: {{from: "{ANN}", to: "{CLINIC}", body: "7"}}\n')
    code = "from recovery_api.cli.simulator import simulator; simulator()"
    arguments = ["--account-sid", ACCOUNT, "--auth-token", TOKEN, "--script", str(script), "--log", str(log)]
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "RECOVERY_ENV": "test"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        until(lambda: bool(requests.get(f"{address}/simulator/messages", timeout=10).json()["items"]))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    written = json.loads(log.read_text())
    assert [text["steps"][0]["body"] for text in written["texts"]] == ["7"]
    script.write_text("events: [{at: 0, text: {from: me}}]")
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=20, check=False,
        env={**os.environ, "RECOVERY_ENV": "test"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "Error: from: a number such as +15555550100\n")

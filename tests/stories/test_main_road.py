"""The main road on real processes: a text becomes a flag that a nurse answers, and no forgery or fault gets through."""

import http.client
import json
import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.deployment import NEXT_TOKEN, TOKEN, Deployment, inbound_form, post_inbound, signed, wait_for

pytestmark = pytest.mark.processes

PATH = "/webhooks/twilio/inbound"
CONNECTIONS = 16


@pytest.fixture
def deployment(shared_deployment: Deployment) -> Deployment:
    """The common one."""
    return shared_deployment


def ask(
    deployment: Deployment, method: str, path: str, token: str = "", body: Any = None, **headers: str
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", deployment.port, timeout=20)
    sent = json.dumps(body).encode() if body is not None else None
    extra = {"Authorization": f"Bearer {token}"} if token else {}
    connection.request(method, path, sent, {"Content-Type": "application/json", **extra, **headers})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, json.loads(content) if content else None


def send(deployment: Deployment, body: bytes, headers: dict[str, str]) -> int:
    """The status that answers one body; it may come before a body that is too large is out."""
    return post(deployment, PATH, body, headers)


def post(deployment: Deployment, path: str, body: bytes, headers: dict[str, str]) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", deployment.port, timeout=20)) as connection:
        with suppress(ConnectionError):
            connection.request("POST", path, body, headers)
        return connection.getresponse().status


def workers_of(deployment: Deployment) -> set[str]:
    """The processes that serve the web, by their ids."""
    web = deployment.processes["web"].pid
    return {str(web), *Path(f"/proc/{web}/task/{web}/children").read_text().split()}


def as_bytes(deployment: Deployment, body: bytes, headers: dict[str, str]) -> bytes:
    """A whole request as it goes over the wire, to be sent often."""
    fields = {"Host": f"127.0.0.1:{deployment.port}", "Content-Length": str(len(body)), **headers}
    lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def status_of_answer(connection: socket.socket) -> int:
    """The status of one answer, read to its end; its length stands in its head."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536) or b"the connection ended\r\n\r\n"
    head, _, content = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    while len(content) < length:
        content += connection.recv(65536)
    return int(head.split()[1])


def nurse_of(clinic: dict[str, Any]) -> str:
    return next(one["access_token"] for one in clinic["staff"] if one["role"] == "nurse")


@pytest.mark.server
def test_weak_legs_page_without_a_name_and_become_the_nurses_emergency(
    deployment: Deployment,
) -> None:
    clinic = deployment.seeded["clinics"][0]
    patient, nurse = clinic["patients"][2], nurse_of(clinic)
    deployment.carrier(
        "POST",
        "inbound",
        {"from": patient["phone"], "to": clinic["number"], "body": "my legs feel weak since last night"},
    )
    flags = wait_for(lambda: ask(deployment, "GET", "/api/v1/flags", nurse)[1]["items"], "no flag")
    assert [(flag["tier"], flag["family"], flag["status"]) for flag in flags] == [("emergency", "red_flag", "open")]
    [answer] = wait_for(lambda: deployment.texts_to(patient["phone"]), "no answer")
    assert "911" in answer
    path = f"/api/v1/flags/{flags[0]['id']}/acknowledge"
    status, taken = ask(deployment, "POST", path, nurse, **{"If-Match": f'"{flags[0]["version"]}"'})
    assert (status, taken["status"]) == (200, "acknowledged")
    [page] = wait_for(lambda: deployment.texts_to("+12125550130"), "no page to the clinician on duty")
    assert "Cerise" not in page
    assert "Samplewick" not in page
    other_nurse = nurse_of(deployment.seeded["clinics"][1])
    assert ask(deployment, "GET", "/api/v1/flags", other_nurse)[1]["items"] == []


@pytest.mark.soak
def test_a_thousand_replays_make_one_row_one_flag_and_one_answer(
    deployment: Deployment, samples: Callable[[int, int], int]
) -> None:
    replays = samples(960, 10_000)
    clinic = deployment.seeded["clinics"][1]
    form = inbound_form(clinic["patients"][2]["phone"], clinic["number"], "I can't feel my legs")
    body, headers = signed(f"{deployment.env['PUBLIC_URL']}{PATH}", form)
    statuses: Counter[int] = Counter()

    request = as_bytes(deployment, body, headers)

    def replay() -> None:
        with socket.create_connection(("127.0.0.1", deployment.port), timeout=60) as connection:
            for _ in range(replays // CONNECTIONS):
                connection.sendall(request)
                statuses[status_of_answer(connection)] += 1

    threads = [threading.Thread(target=replay) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == {200: replays}
    assert deployment.count("SELECT count(*) FROM message WHERE sid = %s", form["MessageSid"]) == 1
    assert deployment.count("SELECT count(*) FROM flag WHERE clinic_id = %s", clinic["id"]) == 1
    wait_for(lambda: deployment.texts_to(clinic["patients"][2]["phone"]), "no answer")
    assert len(deployment.texts_to(clinic["patients"][2]["phone"])) == 1


def forgeries(deployment: Deployment) -> dict[str, tuple[bytes, dict[str, str]]]:
    clinic = deployment.seeded["clinics"][0]
    url = f"{deployment.env['PUBLIC_URL']}{PATH}"
    form = inbound_form("+12125550142", clinic["number"], "8")
    body, headers = signed(url, form)
    shifted = {name: value for name, value in form.items() if name != "NumMedia"}
    shifted["MessageSid"] += "NumMedia0"
    return {
        "no signature": (body, {"Content-Type": headers["Content-Type"]}),
        "empty signature": (body, {**headers, "X-Twilio-Signature": ""}),
        "signature that is no text": (body, {**headers, "X-Twilio-Signature": "\xff\xfe"}),
        "wrong token": signed(url, form, "another-token"),
        "another host": signed(f"http://staging.example{PATH}", form),
        "changed body": (body.replace(b"Body=8", b"Body=9"), headers),
        "shifted fields": (signed(url, shifted)[0], signed(url, shifted)[1]),
        "another account": signed(url, {**form, "AccountSid": "AC" + "9" * 32}),
        "two SIDs": (body + b"&MessageSid=SM" + b"1" * 32, headers),
        "a number of nobody's": signed(url, {**form, "To": "+19995550100"}),
        "a body with NUL": signed(url, {**form, "Body": "8\x00"}),
        "JSON": (b"{}", {**headers, "Content-Type": "application/json"}),
        "10 MB": (b"Body=" + b"8" * 10_000_000, headers),
    }


def test_forged_and_shifted_texts_are_refused_and_leave_no_row(deployment: Deployment) -> None:
    before, workers = deployment.count("SELECT count(*) FROM message"), workers_of(deployment)
    answered = {name: send(deployment, *forgery) for name, forgery in forgeries(deployment).items()}
    assert all(400 <= status < 500 for status in answered.values()), answered
    assert deployment.count("SELECT count(*) FROM message") == before
    assert (deployment.get("/healthz")[0], workers_of(deployment)) == (200, workers), "no worker died"


@pytest.mark.parametrize("token", [TOKEN, NEXT_TOKEN], ids=["the last token", "the next token"])
def test_two_tokens_are_accepted_while_one_replaces_the_other(deployment: Deployment, token: str) -> None:
    clinic = deployment.seeded["clinics"][1]
    form = inbound_form(clinic["patients"][2]["phone"], clinic["number"], "3")
    assert send(deployment, *signed(f"{deployment.env['PUBLIC_URL']}{PATH}", form, token)) == 200
    assert deployment.count("SELECT count(*) FROM message WHERE sid = %s", form["MessageSid"]) == 1


@pytest.mark.parametrize(
    "hostile",
    [
        b"[" * 100_000,
        b'{"pain": 5, "note": "\\u0000"}',
        b'{"pain": 5, "note": "\\ud800"}',
        b'{"pain": 5, "pain": 6}',
        b'{"pain": NaN}',
        b'{"pain": "5"}',
        b'{"pain": 5.9}',
        b'{"pain": true}',
        b"\xff\xfe",
        b'{"note": "' + b"x" * 10_000_000 + b'"}',
    ],
    ids=["nesting", "NUL", "surrogate", "duplicate", "NaN", "text", "fraction", "bool", "not UTF-8", "10 MB"],
)
def test_a_hostile_check_in_gets_a_refusal_and_never_a_500(deployment: Deployment, hostile: bytes) -> None:
    token = deployment.seeded["clinics"][0]["patients"][2]["access_token"]
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    before = workers_of(deployment)
    assert 400 <= post(deployment, "/api/v1/me/check-ins", hostile, headers) < 500
    assert (deployment.get("/healthz")[0], workers_of(deployment)) == (200, before), "no worker died"


def test_a_check_in_by_app_takes_the_same_road(deployment: Deployment) -> None:
    clinic = deployment.seeded["clinics"][0]
    token = clinic["patients"][2]["access_token"]
    facts = {"pain": 4, "symptoms": ["fever"]}
    body = {"client_id": str(uuid4()), "recorded_at": deployment.now().isoformat(), **facts}
    status, answer = ask(deployment, "POST", "/api/v1/me/check-ins", token, body)
    assert (status, answer.get("version")) == (201, 1), answer
    assert answer["advice"]["tier"] == "urgent"
    assert ask(deployment, "POST", "/api/v1/me/check-ins", token, body)[0] == 200


def test_an_unknown_sender_lands_in_the_inbox_and_gets_no_text(deployment: Deployment) -> None:
    clinic = deployment.seeded["clinics"][0]
    form = inbound_form("+12125550177", clinic["number"], "is this the clinic?")
    assert post_inbound(deployment, form)[0] == 200
    _, inbox = ask(deployment, "GET", "/api/v1/inbox", nurse_of(clinic))
    assert [text["body"] for text in inbox["items"]] == ["is this the clinic?"]
    assert deployment.texts_to("+12125550177") == []


def test_a_shared_phone_is_asked_and_never_guessed(deployment: Deployment) -> None:
    clinic = deployment.seeded["clinics"][0]
    phone = clinic["patients"][0]["phone"]
    before = deployment.count("SELECT count(*) FROM check_in")
    assert post_inbound(deployment, inbound_form(phone, clinic["number"], "4"))[0] == 200
    assert deployment.count("SELECT count(*) FROM check_in") == before
    assert any("A" in text and "B" in text for text in wait_for(lambda: deployment.texts_to(phone), "no question"))
    assert post_inbound(deployment, inbound_form(phone, clinic["number"], "A 4"))[0] == 200
    assert deployment.count("SELECT count(*) FROM check_in") == before + 1


def test_a_carrier_that_is_away_delays_the_answer_and_not_the_web(deployment: Deployment) -> None:
    clinic = deployment.seeded["clinics"][1]
    phone = clinic["patients"][2]["phone"]
    texts = len(deployment.texts_to(phone))
    fault = deployment.carrier("POST", "faults", {"fault": "throttle", "on": "create", "seconds": 1})
    assert post_inbound(deployment, inbound_form(phone, clinic["number"], "2"))[0] == 200
    wait_for(lambda: deployment.count("SELECT count(*) FROM message WHERE state = 'throttled'"), "not throttled")
    deployment.carrier("DELETE", f"faults/{fault['id']}")
    wait_for(lambda: len(deployment.texts_to(phone)) == texts + 1, "the answer never left")


@pytest.mark.server
def test_with_the_database_away_nothing_is_acknowledged_and_nothing_lost(deployment: Deployment) -> None:
    clinic = deployment.seeded["clinics"][1]
    form = inbound_form(clinic["patients"][2]["phone"], clinic["number"], "3")
    under_way = "SELECT count(*) FROM message WHERE state IN ('throttled', 'sending')"
    wait_for(lambda: deployment.count(under_way) == 0, "a text is on its way")  # its end would be unknown for long
    deployment.postgres.stop()
    try:
        assert post_inbound(deployment, form)[0] == 503
        assert deployment.get("/readyz")[0] == 503
    finally:
        deployment.postgres.start()
    wait_for(lambda: post_inbound(deployment, form)[0] == 200, "the web did not come back")
    assert deployment.count("SELECT count(*) FROM message WHERE sid = %s", form["MessageSid"]) == 1


def test_a_landline_is_called_once_and_its_keys_become_a_check_in(deployment: Deployment) -> None:
    patient = deployment.seeded["clinics"][1]["patients"][0]
    now = deployment.now()
    noon = f"Etc/GMT{now.hour - 12:+d}"
    with deployment.sql() as owner:
        owner.execute("UPDATE patient SET zone = %s WHERE id = %s", (noon, patient["id"]))
        owner.execute("UPDATE contact_point SET channel = 'voice' WHERE patient_id = %s", (patient["id"],))
    keys = ["1", "4", "1", *["2"] * 6]
    deployment.carrier("POST", "phones", {"phone": patient["phone"], "answers": "human", "keys": keys})
    fault = deployment.carrier(
        "POST", "faults", {"fault": "error_500_after_accept", "on": "create", "phone": patient["phone"]}
    )
    with deployment.sql() as owner:
        due = owner.execute(
            "UPDATE reminder SET due_at = %s, expires_at = %s WHERE id = (SELECT id FROM reminder"
            " WHERE episode_id = %s AND kind = 'check_in' AND state = 'planned' ORDER BY due_at LIMIT 1) RETURNING id",
            (now, now + timedelta(hours=2), patient["episode_id"]),
        ).fetchone()
        assert due is not None
        owner.execute("UPDATE due_work SET due_at = %s WHERE kind = 'reminder' AND row_id = %s", (now, *due))
    answered = "SELECT count(*) FROM check_in WHERE episode_id = %s AND channel = 'voice' AND pain = 4"
    wait_for(lambda: deployment.count(answered, patient["episode_id"]), "no check-in by voice")
    ended = "SELECT count(*) FROM phone_call WHERE patient_id = %s AND outcome = 'finished' AND state = 'ended'"
    wait_for(lambda: deployment.count(ended, patient["id"]), "the call has no end")
    deployment.carrier("DELETE", f"faults/{fault['id']}")
    [call] = deployment.carrier("GET", f"calls?phone=%2B{patient['phone'][1:]}")["items"]
    assert any("back pain" in line["words"] for line in call["heard"])


def every_written_line(deployment: Deployment) -> dict[str, str]:
    """Whatever the processes and the database wrote down, and what they tell a monitor."""
    files = [*deployment.folder.rglob("*.log"), *deployment.folder.rglob("*.out"), *deployment.folder.rglob("log")]
    said = {str(file): file.read_text(errors="replace") for file in files if file.is_file()}
    return {**said, "metrics": deployment.get("/metrics")[1].decode()}


def test_no_phone_and_no_words_reach_a_log_a_metric_or_an_error(deployment: Deployment) -> None:
    clinic = deployment.seeded["clinics"][0]
    phone, words = clinic["patients"][2]["phone"], "zebracanary my pain is 4"
    url = f"{deployment.env['PUBLIC_URL']}{PATH}"
    for fault in ("reset_after_accept", "landline"):
        deployment.carrier("POST", "faults", {"fault": fault, "times": 1, "phone": phone})
    before = len(deployment.texts_to(phone))
    assert post_inbound(deployment, inbound_form(phone, clinic["number"], words))[0] == 200
    assert send(deployment, *signed(url, {**inbound_form(phone, clinic["number"], words), "To": "+19995550100"})) == 404
    assert 400 <= send(deployment, *signed(url, inbound_form(phone, clinic["number"], words), "another-token")) < 500
    wait_for(lambda: len(deployment.texts_to(phone)) > before, "no answer")
    unsettled = "SELECT count(*) FROM message WHERE direction = 'out' AND state = 'undelivered'"
    wait_for(lambda: deployment.count(unsettled) > 0, "the landline was not told of")
    people = [one["phone"] for each in deployment.seeded["clinics"] for one in each["patients"]]
    secrets = ["zebracanary", "legs feel weak", "+12125550130", *people]
    found = {
        (place, secret)
        for place, said in every_written_line(deployment).items()
        for secret in secrets
        if secret.removeprefix("+1") in said
    }
    assert found == set()
    assert any("text.sent" in said for said in every_written_line(deployment).values())
    with deployment.sql() as owner:  # a mobile again: nobody picks up where it rings now, half a minute every day
        owner.execute("UPDATE contact_point SET channel = 'sms' WHERE patient_id = %s", (clinic["patients"][2]["id"],))

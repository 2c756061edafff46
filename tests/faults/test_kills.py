"""Nothing that was acknowledged is lost and nothing is doubled, whatever is killed in the middle."""

import random
import threading
import time
from pathlib import Path

import pytest

from tests.deployment import Deployment, inbound_form, post_inbound, wait_for

TEXTS = 200
PACE = 1.5  # seconds between two kills
LEFT = ("accepted", "queued", "sent", "delivered")
VICTIMS = ("web", "ticker", "sender-alert", "sender-bulk", "postmaster")

pytestmark = pytest.mark.processes


def test_200_texts_survive_the_killing_of_every_process_in_turn(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path)
    try:
        deployment.prepare()
        deployment.start()
        deployment.wait_until_ready()
        deployment.carrier("POST", "faults", {"fault": "reset_after_accept", "rate": 0.05})
        deployment.carrier("POST", "faults", {"fault": "drop_before", "rate": 0.03, "on": "create"})
        sent = _text_while_killing(deployment)
        deployment.carrier("DELETE", "faults")
        _check(deployment, sent)
    finally:
        deployment.stop()


def _text_while_killing(deployment: Deployment) -> list[dict[str, str]]:
    """Text from both clinics' patients, as Twilio retries it: until an answer of 200 came."""
    clinics = deployment.seeded["clinics"]
    people = [(clinic["number"], clinic["patients"][2]["phone"]) for clinic in clinics]
    rng = random.Random(7)
    forms = []
    for place in range(TEXTS):
        number, phone = people[place % 2]
        body = "my legs feel weak since last night" if place in (20, 21) else str(rng.randint(0, 4))
        forms.append(inbound_form(phone, number, body))
    done = threading.Event()
    keeper = threading.Thread(target=deployment.keep_alive, args=(done,))
    killer = threading.Thread(target=_kill_each_twice, args=(deployment,))
    keeper.start()
    killer.start()
    waiting = list(forms)
    while waiting:
        waiting = [form for form in waiting if post_inbound(deployment, form)[0] != 200]
        time.sleep(0.2)
    killer.join()
    wait_for(lambda: deployment.get("/readyz")[0] == 200, "not everything came back")
    done.set()
    keeper.join()
    return forms


def _kill_each_twice(deployment: Deployment) -> None:
    """A day passes meanwhile in steps of six hours, so that reminders fall due between the kills."""
    for step, victim in enumerate(VICTIMS * 2):
        time.sleep(PACE)
        _pass_time(deployment, hours=6 * (step // 2))
        if victim == "postmaster":
            deployment.kill_postmaster()
        else:
            deployment.kill(victim)


def _pass_time(deployment: Deployment, hours: int) -> None:
    deployment.clock_file.write_text(f"{hours * 3600:+d}\n")


def _check(deployment: Deployment, sent: list[dict[str, str]]) -> None:
    for hours in (30, 36, 42, 48):
        _pass_time(deployment, hours)
        handed_over = (
            "SELECT count(*) FROM due_work WHERE kind = 'reminder' AND due_at < now() + %s * interval '1 hour'"
        )
        wait_for(lambda h=hours, q=handed_over: deployment.count(q, h) == 0, "reminders wait")
    wait_for(
        lambda: deployment.count("SELECT count(*) FROM due_work WHERE kind LIKE 'send%'") == 0,
        "texts wait in the outbox",
        120,
    )
    assert deployment.count("SELECT count(*) FROM message WHERE direction = 'in'") == TEXTS
    assert deployment.count("SELECT count(DISTINCT sid) FROM message WHERE direction = 'in'") == TEXTS
    assert deployment.count("SELECT count(*) FROM check_in") == TEXTS
    assert deployment.count("SELECT count(*) FROM flag WHERE family = 'red_flag'") == 2
    for purpose, ends in (("reminder", (*LEFT, "expired", "suppressed")), ("page", LEFT), ("safety", LEFT)):
        rows = deployment.count(
            "SELECT count(*) FROM message WHERE purpose = %s AND NOT state = ANY(%s)", purpose, list(ends)
        )
        assert rows == 0, purpose
    assert deployment.count("SELECT count(*) FROM message WHERE purpose = 'reminder' AND sid IS NOT NULL") > 0
    pages = deployment.count("SELECT count(*) FROM message WHERE purpose = 'page'")
    assert pages == deployment.count("SELECT count(*) FROM flag_event WHERE kind = 'paged'") >= 2
    answers = deployment.count("SELECT count(*) FROM message WHERE direction = 'out' AND in_reply_to_id IS NOT NULL")
    assert answers == TEXTS
    for clinic in deployment.seeded["clinics"]:
        for place in (0, 2):
            _check_phone(deployment, clinic["id"], clinic["patients"][place])
    assert sent


def _check_phone(deployment: Deployment, clinic_id: str, patient: dict[str, str]) -> None:
    """As many texts reached a phone as the outbox sent to it: each once."""
    left = deployment.count(
        "SELECT count(*) FROM message WHERE direction = 'out' AND sid IS NOT NULL AND phone_digest ="
        " (SELECT phone_digest FROM contact_point WHERE clinic_id = %s AND patient_id = %s)",
        clinic_id,
        patient["id"],
    )
    assert len(deployment.texts_to(patient["phone"])) == left

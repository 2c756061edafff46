"""Nothing that was acknowledged is lost and nothing is doubled, whatever is killed in the middle."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deployment import Deployment, inbound_form, post_inbound, wait_for

TEXTS = 200
PACE = 1.5  # seconds between two kills
TRIES = 400
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
        with _kept_alive(deployment):
            _text_while_killing(deployment)
            deployment.carrier("DELETE", "faults")
            _check(deployment)
    finally:
        deployment.stop()


@contextmanager
def _kept_alive(deployment: Deployment) -> Iterator[None]:
    """A supervisor starts whatever died, until the end: a sender may die again of a database that is away."""
    done = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        keeper = pool.submit(deployment.keep_alive, done)
        try:
            yield
        finally:
            done.set()
        keeper.result()


def _text_while_killing(deployment: Deployment) -> None:
    """Texts of both clinics' patients arrive for as long as the killing lasts, the last of them after it."""
    clinics = deployment.seeded["clinics"]
    people = [(clinic["number"], clinic["patients"][2]["phone"]) for clinic in clinics]
    rng = random.Random(7)
    forms = []
    for place in range(TEXTS):
        number, phone = people[place % 2]
        body = "my legs feel weak since last night" if place in (20, 21) else str(rng.randint(0, 4))
        forms.append(inbound_form(phone, number, body))
    with ThreadPoolExecutor(9) as pool:
        killer = pool.submit(_kill_each_twice, deployment)
        posts = list(_posts_at_a_pace(pool, deployment, forms, killer))
        killer.result()
        assert [post.result() for post in posts] == [200] * TEXTS
    wait_for(lambda: deployment.get("/readyz")[0] == 200, "not everything came back")


def _posts_at_a_pace(
    pool: ThreadPoolExecutor, deployment: Deployment, forms: list[dict[str, str]], killer: "Future[None]"
) -> Iterator["Future[int]"]:
    """Post evenly over the time that the killing should take; the last five once it is over."""
    pause = PACE * len(VICTIMS) * 2 / (TEXTS - 5)
    for place, form in enumerate(forms):
        if place == TEXTS - 5:
            killer.result()
        yield pool.submit(_post_until_taken, deployment, form)
        time.sleep(pause)


def _post_until_taken(deployment: Deployment, form: dict[str, str]) -> int:
    """As Twilio retries a text: until an answer of 200 came."""
    for _ in range(TRIES):
        status = post_inbound(deployment, form)[0]
        if status == 200:
            return status
        time.sleep(0.2)
    return status


def _kill_each_twice(deployment: Deployment) -> None:
    """Eight hours pass meanwhile in steps of two: fewer than a page lives, so that none may expire."""
    for step, victim in enumerate(VICTIMS * 2):
        time.sleep(PACE)
        _pass_time(deployment, hours=2 * (step // 2))
        if victim == "postmaster":
            deployment.kill_postmaster()
            continue
        wait_for(lambda name=victim: deployment.processes[name].poll() is None, f"{victim} did not come back")
        deployment.kill(victim)


def _pass_time(deployment: Deployment, hours: int) -> None:
    deployment.clock_file.write_text(f"{hours * 3600:+d}\n")


def _check(deployment: Deployment) -> None:
    wait_for(
        lambda: deployment.count("SELECT count(*) FROM due_work WHERE kind = 'send_alert'") == 0,
        "pages and safety texts wait in the outbox",
        120,
    )
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


def _check_phone(deployment: Deployment, clinic_id: str, patient: dict[str, str]) -> None:
    """As many texts reached a phone as the outbox sent to it: each once."""
    left = deployment.count(
        "SELECT count(*) FROM message WHERE direction = 'out' AND sid IS NOT NULL AND phone_digest ="
        " (SELECT phone_digest FROM contact_point WHERE clinic_id = %s AND patient_id = %s)",
        clinic_id,
        patient["id"],
    )
    assert len(deployment.texts_to(patient["phone"])) == left

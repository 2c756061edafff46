"""Nothing that was acknowledged is lost and nothing is doubled, whatever is killed in the middle."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from recovery_api.config import Settings
from recovery_api.core import create_core
from recovery_api.db import clinic_transaction, db
from recovery_api.services.enrol_patient import NewPatient, enrol_patient
from recovery_api.services.record_audit import SYSTEM
from recovery_api.wiring import wiring
from tests.deployment import Deployment, inbound_form, post_inbound, wait_for

TEXTS = 200
PACE = 1.5  # seconds between two kills
TRIES = 400
LEFT = ("accepted", "queued", "sent", "delivered")
VICTIMS = ("sender-bulk", "sender-alert", "postmaster", "ticker", "web")
SILENT, TEXTING = 12, 10  # patients of each clinic whose questions fall due one after the other during the killing
STEP = timedelta(minutes=50)  # of product time between two kills
ZONE = ZoneInfo("America/New_York")

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Someone:
    """A patient of one clinic and its number."""

    clinic_id: str
    number: str
    id: str
    phone: str


@pytest.mark.soak
def test_200_texts_survive_the_killing_of_every_process_in_turn(
    tmp_path: Path, samples: Callable[[int, int], int]
) -> None:
    deployment, victims = Deployment(tmp_path, nursery=True), VICTIMS * samples(1, 2)
    try:
        deployment.prepare()
        deployment.env["SEGMENTS_PER_SECOND"] = "20"
        start = _tomorrow_morning(deployment)
        people = _enrol(deployment, start, len(victims) * STEP)
        silent, texting = people[: 2 * SILENT], people[2 * SILENT :]
        deployment.set_clock(start)
        deployment.start()
        deployment.wait_until_ready()
        deployment.carrier("POST", "faults", {"fault": "reset_after_accept", "rate": 0.05})
        deployment.carrier("POST", "faults", {"fault": "drop_before", "rate": 0.03, "on": "create"})
        with _kept_alive(deployment):
            _text_while_killing(deployment, texting, start, victims)
            deployment.carrier("DELETE", "faults")
            _check(deployment, start + len(victims) * STEP)
            for one in silent:
                assert _questions_to(deployment, one) == 1, "each question once"
            for one in people:
                _check_phone(deployment, one)
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


def _tomorrow_morning(deployment: Deployment) -> datetime:
    """Nine in the clinics' zone: everything that the first day brings lies ahead, and nobody sleeps."""
    tomorrow = deployment.now().astimezone(ZONE).date() + timedelta(days=1)
    return datetime.combine(tomorrow, clock_time(9), ZONE).astimezone(UTC)


def _enrol(deployment: Deployment, start: datetime, killing: timedelta) -> list[Someone]:
    """Patients on their fifth day, whose daily questions are spread over the killing, clinic by clinic in turn."""
    app = create_core(Settings.from_env(deployment.env))
    people = []
    with app.app_context():
        for place in range(SILENT + TEXTING):
            at = (start + killing * (place % SILENT + 0.5) / SILENT).astimezone(ZONE)
            for clinic in deployment.seeded["clinics"]:
                new = NewPatient(
                    given_name="Made", family_name=f"Up {place}", born_on=date(1948, 3, 12), baseline_pain=8,
                    phone=f"{clinic['number'][:8]}01{50 + place}", performed_on=at.date() - timedelta(days=5),
                    levels=("L1",), check_in_time=at.time().replace(second=0, microsecond=0), has_joined=True,
                )  # fmt: skip
                with clinic_transaction(UUID(clinic["id"]), wiring().vaults) as scope:
                    enrolled = enrol_patient(scope, new, SYSTEM, deployment.now())
                people.append(Someone(clinic["id"], clinic["number"], str(enrolled.patient_id), new.phone))
        db.engine.dispose()
    return people


def _text_while_killing(
    deployment: Deployment, texting: list[Someone], start: datetime, victims: Sequence[str]
) -> None:
    """Texts of both clinics' patients arrive for as long as the killing lasts, the last of them after it."""
    rng = random.Random(7)
    forms = []
    for place in range(TEXTS):
        one = texting[place % len(texting)]
        body = "my legs feel weak since last night" if place in (20, 21) else str(rng.randint(0, 4))
        forms.append(inbound_form(one.phone, one.number, body))
    with ThreadPoolExecutor(9) as pool:
        killer = pool.submit(_kill_in_turn, deployment, start, victims)
        posts = list(_posts_at_a_pace(pool, deployment, forms, killer, PACE * len(victims)))
        killer.result()
        assert [post.result() for post in posts] == [200] * TEXTS
    wait_for(lambda: deployment.get("/readyz")[0] == 200, "not everything came back")


def _posts_at_a_pace(
    pool: ThreadPoolExecutor,
    deployment: Deployment,
    forms: list[dict[str, str]],
    killer: "Future[None]",
    seconds: float,
) -> Iterator["Future[int]"]:
    """Post evenly over the time that the killing should take; the last five once it is over."""
    pause = seconds / (TEXTS - 5)
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


def _kill_in_turn(deployment: Deployment, start: datetime, victims: Sequence[str]) -> None:
    """The day passes meanwhile: in fewer hours than a page lives, so that none may expire."""
    for step, victim in enumerate(victims, start=1):
        time.sleep(PACE)
        deployment.set_clock(start + step * STEP)
        if victim == "postmaster":
            deployment.kill_postmaster()
            continue
        wait_for(lambda name=victim: deployment.processes[name].poll() is None, f"{victim} did not come back")
        deployment.kill(victim)


def _check(deployment: Deployment, end: datetime) -> None:
    wait_for(
        lambda: deployment.count("SELECT count(*) FROM due_work WHERE kind = 'send_alert'") == 0,
        "pages and safety texts wait in the outbox",
        120,
    )
    handed_over = "SELECT count(*) FROM due_work WHERE kind = 'reminder' AND due_at < %s"
    wait_for(lambda: deployment.count(handed_over, end) == 0, "reminders wait")
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
    unheard = "SELECT count(*) FROM message WHERE direction = 'out' AND state = ANY(%s) AND sid IS NULL"
    assert deployment.count(unheard, list(LEFT)) == 0, "held for sent, and the carrier never had it"
    pages = "(SELECT count(*) FROM message WHERE purpose = 'page')"
    told = "(SELECT count(*) FROM flag_event WHERE kind = 'paged' AND detail ->> 'channel' = 'sms')"
    with deployment.sql() as connection:  # at one moment: the ladders are climbed meanwhile
        [paged] = connection.execute(f"SELECT {pages}, {told}").fetchall()
    assert paged[0] == paged[1] >= 2
    answers = deployment.count("SELECT count(*) FROM message WHERE direction = 'out' AND in_reply_to_id IS NOT NULL")
    assert answers == TEXTS


def _questions_to(deployment: Deployment, one: Someone) -> int:
    """How often the day's question was planned and left for a phone."""
    return deployment.count(
        "SELECT count(*) FROM message JOIN reminder ON reminder.id = message.reminder_id"
        " WHERE reminder.kind = 'check_in' AND message.sid IS NOT NULL"
        " AND message.clinic_id = %s AND message.patient_id = %s",
        one.clinic_id,
        one.id,
    )


def _check_phone(deployment: Deployment, one: Someone) -> None:
    """As many texts reached a phone as the outbox sent to it: each once."""
    left = deployment.count(
        "SELECT count(*) FROM message WHERE direction = 'out' AND sid IS NOT NULL AND phone_digest ="
        " (SELECT phone_digest FROM contact_point WHERE clinic_id = %s AND patient_id = %s)",
        one.clinic_id,
        one.id,
    )
    assert len(deployment.texts_to(one.phone)) == left

"""Bad days on real processes: twice as many of them, a database that hangs or refuses, a carrier that is away."""

import http.client
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import clinic_transaction, db
from recovery_api.services.enrol_patient import NewPatient, enrol_patient
from recovery_api.services.record_audit import SYSTEM
from recovery_api.wiring import wiring
from tests.deployment import JOBS, Deployment, inbound_form, post_inbound, signed, wait_for
from tests.hostile import doors, hostile_bodies, refusal_of

pytestmark = pytest.mark.processes

INBOUND, STATUS = "/webhooks/twilio/inbound", "/webhooks/twilio/status"
PROMISED_SECONDS = 5  # within which a caller is told that the database is away
AT_ONCE = 24  # three times what the threads of both web workers can take in hand
DANGER = "my legs feel weak"
UNDER_WAY = "SELECT count(*) FROM message WHERE state IN ('planned', 'throttled', 'sending', 'unknown')"


@pytest.fixture(scope="module")
def deployment(shared_deployment: Deployment) -> Iterator[Deployment]:
    """The common one, at whose end these tests stand, with two tickers and two senders of each lane."""
    shared_deployment.start(*(f"{name}-again" for name in JOBS if name != "ticker"))
    shared_deployment.start("ticker-again", by_command_line=True)
    yield shared_deployment
    shared_deployment.stop()


@dataclass(frozen=True)
class Heard:
    """What a caller was told; a caller who waited longer than was promised hears nothing, and the test fails."""

    status: int
    headers: dict[str, str]
    body: bytes


def call(
    deployment: Deployment, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Heard:
    connection = http.client.HTTPConnection("127.0.0.1", deployment.port, timeout=PROMISED_SECONDS)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return Heard(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def text(deployment: Deployment, form: dict[str, str]) -> Heard:
    return call(deployment, "POST", INBOUND, *signed(f"{deployment.env['PUBLIC_URL']}{INBOUND}", form))


def text_until_taken(deployment: Deployment, form: dict[str, str]) -> None:
    """As the carrier sends a text again that was answered with a 503."""
    wait_for(lambda: text(deployment, form).status == 200, "the web did not come back")


def enrol_crowd(deployment: Deployment, count: int) -> list[str]:
    """Many patients of the first clinic on their fifth day, whose questions fall due at one moment."""
    app = create_app(Settings.from_env(deployment.env))
    clinic = UUID(deployment.seeded["clinics"][0]["id"])
    phones = [f"+14155550{place}" for place in range(100, 100 + count)]
    with app.app_context():
        parts, now = wiring(), wiring().clock.now()
        with clinic_transaction(clinic, parts.vaults) as scope:
            for place, phone in enumerate(phones):
                new = NewPatient(
                    given_name="Made", family_name=f"Up {place}", born_on=date(1948, 3, 12), phone=phone,
                    performed_on=now.date() - timedelta(days=5), levels=("L1",), baseline_pain=8, has_joined=True,
                )  # fmt: skip
                enrol_patient(scope, new, SYSTEM, now)
        db.engine.dispose()
    return phones


def morning(deployment: Deployment, days: int) -> datetime:
    """Some days from now, after the hour of the daily question in New York."""
    return deployment.now().replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=days)


def move_clock(deployment: Deployment, to: datetime) -> None:
    deployment.clock_file.write_text(f"{to.isoformat()}\n")


def nothing_is_due(deployment: Deployment, at: datetime, but: Sequence[str] = ()) -> bool:
    left = "SELECT count(*) FROM due_work WHERE due_at <= %s AND NOT kind = ANY(%s)"
    return deployment.count(left, at, list(but)) == 0


@pytest.mark.soak
def test_two_tickers_and_four_senders_double_nothing(
    deployment: Deployment, samples: Callable[[int, int], int]
) -> None:
    clinic = deployment.seeded["clinics"][0]
    phones = enrol_crowd(deployment, samples(8, 20))
    in_danger = len(phones) // 2
    with ThreadPoolExecutor(8) as pool:
        forms = [inbound_form(phone, clinic["number"], DANGER) for phone in phones[:in_danger]]
        assert {post_inbound(deployment, form)[0] for form in forms} == {200}
        for days in (0, 1, 1, 1):  # three missed days and the morning after them
            at = morning(deployment, days)
            move_clock(deployment, at)
            wait_for(lambda at=at: nothing_is_due(deployment, at, ("rung", "page")), "work is left over")
        wait_for(lambda: nothing_is_due(deployment, at), "somebody waits for a page")
        sent = dict(zip(phones, pool.map(deployment.texts_to, phones), strict=True))
    for process in ("ticker", "sender-alert", "sender-bulk"):
        assert deployment.count("SELECT count(*) FROM heartbeat WHERE process = %s", process) == 2
    with deployment.sql() as connection:
        twice = "SELECT episode_id, kind, local_on FROM reminder GROUP BY 1, 2, 3, text_key HAVING count(*) > 1"
        assert connection.execute(twice).fetchall() == []
        twice = "SELECT reminder_id FROM message WHERE reminder_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
        assert connection.execute(twice).fetchall() == []
        flags = connection.execute("SELECT family, rule, episode_id FROM flag WHERE clinic_id = %s", [clinic["id"]])
        raised = Counter(flags.fetchall())
        left = connection.execute(
            "SELECT count(*), count(DISTINCT sid) FROM message WHERE direction = 'out' AND sid IS NOT NULL"
        )
        rows, sids = left.fetchone() or (0, 1)
    assert set(raised.values()) == {1}
    assert Counter(family for family, _, _ in raised) >= Counter(
        {"red_flag": in_danger, "silence": len(phones) - in_danger}
    )
    carried = deployment.carrier("GET", "messages?limit=10000")["items"]
    assert rows == sids == sum(text["direction"].startswith("outbound") for text in carried)
    assert all(len(texts) > 1 for texts in sent.values())


def state_of_answer(deployment: Deployment, form: dict[str, str]) -> str:
    answered = (
        "SELECT reply.state FROM message reply JOIN message asked ON asked.id = reply.in_reply_to_id"
        " WHERE asked.sid = %s"
    )
    with deployment.sql() as connection:
        found = connection.execute(answered, [form["MessageSid"]]).fetchone()
    return str(found[0]) if found else ""


def test_a_carrier_that_answers_nonsense_gets_each_text_once(deployment: Deployment) -> None:
    clinic = deployment.seeded["clinics"][1]
    phone = clinic["patients"][2]["phone"]
    wait_for(lambda: deployment.count(UNDER_WAY) == 0, "earlier answers are still on their way", 120)
    before = len(deployment.texts_to(phone))
    deployment.carrier("POST", "faults", {"fault": "nonsense", "phone": phone})
    form = inbound_form(phone, clinic["number"], DANGER)
    text_until_taken(deployment, form)
    wait_for(lambda: state_of_answer(deployment, form) == "delivered", "the news of the text never came")
    deployment.carrier("DELETE", "faults")
    assert len(deployment.texts_to(phone)) == before + 1


def test_while_the_carrier_is_dead_the_web_answers_and_texts_leave_later_or_expire(deployment: Deployment) -> None:
    clinic = deployment.seeded["clinics"][1]
    phone = clinic["patients"][2]["phone"]
    deployment.kill("carrier")
    too_late, in_time = (inbound_form(phone, clinic["number"], DANGER) for _ in range(2))
    text_until_taken(deployment, too_late)
    tried = "SELECT count(*) FROM message WHERE attempts > 0 AND direction = 'out' AND sid IS NULL"
    wait_for(lambda: deployment.count(tried), "nobody tried to send it")
    move_clock(deployment, morning(deployment, 4))
    wait_for(lambda: state_of_answer(deployment, too_late) == "expired", "it did not expire")
    text_until_taken(deployment, in_time)
    deployment.start("carrier")
    wait_for(lambda: state_of_answer(deployment, in_time) == "delivered", "it never left")
    assert state_of_answer(deployment, too_late) == "expired"


@contextmanager
def frozen(deployment: Deployment) -> Iterator[None]:
    """PostgreSQL with every process of it stopped: connections are taken and held, and nothing is said."""
    server = deployment.postgres.find()
    assert server is not None
    os.kill(server.pid, signal.SIGSTOP)
    stopped = [server.pid, *children_of(server.pid)]
    for pid in stopped[1:]:
        tell(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            tell(pid, signal.SIGCONT)


def tell(pid: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # a session that has ended meanwhile
        os.kill(pid, what)


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def without_room(deployment: Deployment) -> Iterator[None]:
    """PostgreSQL with no connection to spare for the application."""
    with deployment.sql() as connection:
        connection.execute("ALTER ROLE recovery_app CONNECTION LIMIT 0")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'recovery_app'")
    try:
        yield
    finally:
        with deployment.sql() as connection:
            connection.execute("ALTER ROLE recovery_app CONNECTION LIMIT -1")


@contextmanager
def locked(deployment: Deployment) -> Iterator[None]:
    """A PostgreSQL that answers everybody but those who need what a long transaction holds."""
    with psycopg.connect(deployment.env["DATABASE_ADMIN_URL"]) as connection:
        connection.execute("LOCK TABLE sender_number, credential, flag, message, heartbeat IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


@dataclass
class Callers:
    """A nurse and a patient's carrier of the second clinic, calling at the same moment."""

    deployment: Deployment
    pool: ThreadPoolExecutor

    def texts(self, count: int) -> list[dict[str, str]]:
        """New inbound texts of one patient."""
        clinic = self.deployment.seeded["clinics"][1]
        return [inbound_form(clinic["patients"][2]["phone"], clinic["number"], "3") for _ in range(count)]

    def all_are_told(self, forms: list[dict[str, str]]) -> None:
        """Every text, the API, a page and the check of readiness get a 503 of their own kind in time."""
        staff = self.deployment.seeded["clinics"][1]["staff"]
        bearer = {"Authorization": f"Bearer {next(one['access_token'] for one in staff if one['role'] == 'nurse')}"}
        asked = [self.pool.submit(text, self.deployment, form) for form in forms]
        api = self._get("/api/v1/flags", bearer)
        page = self._get("/worklist", {"Cookie": "session=nobody"})
        ready = self._get("/readyz", {})
        answers = [one.result() for one in (*asked, api, page)]
        assert {(one.status, one.headers.get("retry-after")) for one in answers} == {(503, "5")}
        assert json.loads(api.result().body)["code"] == "unavailable"
        assert api.result().headers["content-type"] == "application/problem+json"
        assert b"<h1" in page.result().body
        assert ready.result().status == 503
        assert call(self.deployment, "GET", "/healthz").status == 200

    def _get(self, path: str, headers: dict[str, str]) -> "Future[Heard]":
        return self.pool.submit(call, self.deployment, "GET", path, None, headers)

    def none_is_lost(self, forms: list[dict[str, str]]) -> None:
        """Once the database is back, each text that is sent again is there once, and the jobs go on."""
        for form in forms:
            text_until_taken(self.deployment, form)
        sids = [form["MessageSid"] for form in forms]
        assert self.deployment.count("SELECT count(*) FROM message WHERE sid = ANY(%s)", sids) == len(forms)
        wait_for(lambda: self.deployment.get("/readyz")[0] == 200, "the jobs did not come back")


@pytest.fixture
def callers(deployment: Deployment) -> Iterator[Callers]:
    with ThreadPoolExecutor(AT_ONCE + 3) as pool:
        yield Callers(deployment, pool)


@pytest.mark.parametrize(
    ("trouble", "count"), [(frozen, AT_ONCE), (without_room, AT_ONCE), (locked, 1)], ids=["frozen", "no room", "locked"]
)
def test_a_database_that_does_not_serve_is_told_in_time_and_loses_nothing(
    deployment: Deployment, callers: Callers, trouble: Any, count: int
) -> None:
    forms = callers.texts(count)
    with trouble(deployment):
        callers.all_are_told(forms)
    callers.none_is_lost(forms)


def test_the_real_server_leaves_an_address_as_it_came(deployment: Deployment) -> None:
    site = deployment.env["PUBLIC_URL"]
    form = {"MessageSid": "SM" + "1" * 32, "AccountSid": deployment.env["TWILIO_ACCOUNT_SID"], "MessageStatus": "sent"}
    for path in (f"{STATUS}?", f"{STATUS}?m=a%2Fb%27&x=%C3%A9", f"{STATUS}?m=%61;b"):
        genuine = call(deployment, "POST", path, *signed(f"{site}{path}", form))
        forged = call(deployment, "POST", path, *signed(f"{site}{path}x", form))
        assert (genuine.status, forged.status) == (404, 403), path
    for path in (f"/{STATUS}", "/webhooks//twilio/status", f"{STATUS};a=1", f"{STATUS}/", f"{STATUS}%2F"):
        assert call(deployment, "POST", path, *signed(f"{site}{path}", form)).status == 404, path
    lies = {"Host": "staging.test", "X-Forwarded-Host": "staging.test", "X-Forwarded-Proto": "https"}
    body, headers = signed(f"https://staging.test{STATUS}", form)
    assert call(deployment, "POST", STATUS, body, headers | lies).status == 403


def test_a_hostile_body_is_refused_at_every_door_and_leaves_no_row(deployment: Deployment) -> None:
    rows = "SELECT (SELECT count(*) FROM message WHERE direction = 'in') + (SELECT count(*) FROM check_in)"
    before = deployment.count(rows)
    answered = {
        (hostile.door.name, hostile.name): refusal_of(deployment.port, hostile).status
        for door in doors(deployment)
        for hostile in hostile_bodies(door)
    }
    assert len(answered) > 100
    assert {name: status for name, status in answered.items() if not 400 <= status < 500} == {}
    assert deployment.count(rows) == before

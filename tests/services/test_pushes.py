"""Pushes: first to the app, without a word in them, and by text after half an hour where nobody has read them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Connection, Row, select

from recovery_api.config import Settings, SettingsRefused
from recovery_api.domain.errors import Invalid
from recovery_api.domain.push_addresses import endpoint_of
from recovery_api.gateways.push import Gone, OutboundPush, Pushed, PushGateway, PushLater, PushRefused
from recovery_api.gateways.vapid import VapidKey, vapid_key
from recovery_api.gateways.web_push import WebPush
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.may_send import why_not_to_send
from recovery_api.services.outbox_rows import LIVE, outbox_row
from recovery_api.services.queue_pushes import TEXT_AFTER
from recovery_api.services.send_pushes import send_pushes
from recovery_api.services.silence_facts import days_asked
from tests.builders import ClockHand, PatientPersona, Persona, check_in_body, make_patient
from tests.services.push_service import PushService, push_service


@pytest.fixture(scope="module")
def key() -> VapidKey:
    return VapidKey(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service() as listening:
        yield listening


@pytest.fixture
def web_push(key: VapidKey) -> WebPush:
    return WebPush(key, "https://recovery.test", allow_local=True)


class Phone:
    """A patient with the app in a browser, and the workers that reach it."""

    def __init__(self, patient: PatientPersona, clock: ClockHand, gateway: PushGateway) -> None:
        self.patient, self.clock, self.gateway = patient, clock, gateway
        self.vaults = patient.clinic.wiring.vaults

    def subscribe(self, subscription: str, device: UUID | None = None) -> int:
        path = f"/me/devices/{device or new_id()}"
        return int(self.patient.call("PUT", path, json={"platform": "webpush", "token": subscription}).status_code)

    def ask(self) -> None:
        """Let tomorrow's question fall due and be handed over."""
        self.clock.forward(days=1)
        with self.patient.clinic.app.app_context():
            hand_over_due("tests:0:0", self.vaults, self.clock.now, push_by=("webpush",))

    def push(self) -> int:
        with self.patient.clinic.app.app_context():
            return send_pushes("tests:0:0", self.vaults, {"webpush": self.gateway}, self.clock.now)

    def rows(self, name: str, *where: Any) -> list[Row[Any]]:
        table = getattr(tables, name)
        with self.patient.clinic.open() as scope:
            return list(scope.connection.execute(select(table).where(*where).order_by(*table.primary_key)).all())

    def question(self) -> Row[Any]:
        """The text of today's question."""
        message = tables.message
        return self.rows("message", message.c.question == "pain", message.c.created_at == self.asked_at)[-1]

    @property
    def asked_at(self) -> Any:
        return max(row.created_at for row in self.rows("message", tables.message.c.question == "pain"))

    def leaves(self) -> bool:
        """Whether the text of today's question would be handed to the carrier now."""
        text = self.question()
        due = [row.due_at for row in self.rows("due_work", tables.due_work.c.row_id == text.id)]
        if not due or due[0] > self.clock.now:
            return False
        with self.patient.clinic.open() as scope:
            row = outbox_row(scope, text.id)
            return row is not None and row.state in LIVE and why_not_to_send(scope, row, self.clock.now) is None


@pytest.fixture
def phone(ann: PatientPersona, clock: ClockHand, web_push: WebPush) -> Phone:
    return Phone(ann, clock, web_push)


def test_a_push_says_nothing_and_is_signed(phone: Phone, service: PushService) -> None:
    assert phone.subscribe(service.subscription("one")) == 200
    phone.ask()
    assert phone.push() == 1
    [taken] = service.taken
    assert (taken["path"], taken["body"], taken["Content-Length"]) == ("/push/one", "", "0")
    assert 0 < int(taken["TTL"]) <= TEXT_AFTER.total_seconds()
    said = str(taken)
    assert not [
        word for word in ("Annwyl", "Harbour", "pain", phone.patient.phone, str(phone.patient.id)) if word in said
    ]
    assert [row.state for row in phone.rows("push")] == ["taken"]
    assert phone.push() == 0, "it is offered once"


def test_what_nobody_reads_comes_as_a_text_after_half_an_hour(phone: Phone, service: PushService) -> None:
    phone.subscribe(service.subscription("one"))
    phone.ask()
    phone.push()
    assert not phone.leaves()
    phone.clock.forward(minutes=29)
    assert not phone.leaves()
    phone.clock.forward(minutes=2)
    assert phone.leaves()


def test_what_was_read_is_not_texted_and_counts_as_asked(phone: Phone, service: PushService) -> None:
    phone.subscribe(service.subscription("one"))
    phone.ask()
    phone.push()
    assert phone.patient.post("/me/pushes:read").status_code == 204
    phone.clock.forward(hours=1)
    assert not phone.leaves()
    assert (phone.question().state, [row.state for row in phone.rows("push")]) == ("read", ["read"])
    with phone.patient.clinic.open() as scope:
        asked = days_asked(scope, phone.patient.episode_id)
    assert phone.clock.now.date() in asked, "who reads and does not answer is silent like everybody else"


def test_what_was_answered_in_the_app_is_not_asked_by_text(phone: Phone, service: PushService) -> None:
    phone.subscribe(service.subscription("one"))
    phone.ask()
    phone.push()
    assert phone.patient.post("/me/check-ins", json=check_in_body(phone.patient, pain=3)).status_code == 201
    phone.clock.forward(minutes=31)
    assert not phone.leaves()


def test_another_patients_reading_stops_nothing(phone: Phone, service: PushService) -> None:
    phone.subscribe(service.subscription("one"))
    phone.ask()
    phone.push()
    assert make_patient(phone.patient.clinic, phone="+12125550147").post("/me/pushes:read").status_code == 204
    phone.clock.forward(minutes=31)
    assert phone.leaves()


@pytest.mark.parametrize("status", [404, 410])
def test_a_dead_token_is_dropped_and_the_text_leaves_at_once(status: int, phone: Phone, service: PushService) -> None:
    service.answers["one"] = status
    phone.subscribe(service.subscription("one"))
    phone.ask()
    phone.push()
    [device] = phone.rows("device")
    assert (device.push_token_sealed, device.platform) == (None, None)
    assert phone.leaves()
    phone.ask()
    assert phone.leaves(), "the next question does not wait for a device that is gone"
    assert len(service.taken) == 1


def test_one_dead_device_of_two_does_not_hurry_the_text(phone: Phone, service: PushService) -> None:
    service.answers["old"] = 410
    phone.subscribe(service.subscription("old"))
    phone.subscribe(service.subscription("new"))
    phone.ask()
    assert phone.push() == 2
    assert sorted(row.state for row in phone.rows("push")) == ["gone", "taken"]
    assert not phone.leaves()


def test_a_service_that_refuses_for_good_lets_the_text_go_and_one_that_is_busy_is_asked_again(
    phone: Phone, service: PushService
) -> None:
    service.answers["one"] = 503
    phone.subscribe(service.subscription("one"))
    phone.ask()
    phone.push()
    [row] = phone.rows("push")
    assert (row.state, row.attempts, row.why) == ("planned", 1, "answer_503")
    assert not phone.leaves()
    with phone.patient.clinic.open() as scope:
        work = tables.due_work
        scope.connection.execute(work.update().where(work.c.row_id == row.id).values(held_until=phone.asked_at))
    service.answers["one"] = 400
    phone.push()
    assert [row.state for row in phone.rows("push")] == ["refused"]
    assert phone.leaves()


def test_who_has_no_app_and_who_signed_out_is_texted_at_once(phone: Phone, service: PushService, ben: Persona) -> None:
    phone.ask()
    assert phone.leaves()
    phone.subscribe(service.subscription("one"))
    ben.post(f"/patients/{phone.patient.id}/sign-out")
    phone.ask()
    assert phone.leaves()
    assert phone.rows("push") == []


def test_no_token_and_no_word_of_it_lies_in_the_database(
    phone: Phone, service: PushService, database: Connection
) -> None:
    phone.subscribe(service.subscription("one"))
    phone.ask()
    for table in ("device", "push", "due_work"):
        rows = database.exec_driver_sql(f"SELECT t::text FROM {table} t").scalars().all()
        assert not [row for row in rows if "push/one" in row or b"push/one".hex() in row]


# the gateway by itself


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(201, Pushed()), (200, Pushed()), (404, Gone()), (410, Gone()), (429, PushLater("answer_429")),
     (500, PushLater("answer_500")), (503, PushLater("answer_503")), (400, PushRefused("answer_400")),
     (401, PushRefused("answer_401")), (413, PushRefused("answer_413")), (307, PushRefused("answer_307"))],
    ids=str,
)  # fmt: skip
def test_every_answer_has_a_meaning(status: int, outcome: object, web_push: WebPush, service: PushService) -> None:
    service.answers["one"] = status
    assert web_push.push(OutboundPush(service.subscription("one"), "en", 60)) == outcome
    assert [taken["path"] for taken in service.taken] == ["/push/one"], "no redirect is followed"


def test_a_service_that_is_away_is_asked_again(web_push: WebPush) -> None:
    with push_service() as gone:
        subscription = gone.subscription("one")
    assert isinstance(web_push.push(OutboundPush(subscription, "en", 60)), PushLater)


@pytest.mark.parametrize(
    "endpoint",
    ["http://fcm.googleapis.com/x", "https://fcm.googleapis.com:8443/x", "https://fcm.googleapis.com@evil.example/x",
     "https://evil.example/x", "https://notify.windows.com.evil.example/x", "https://10.0.0.1/x",
     "https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x", "https://2130706433/x",
     "file:///etc/passwd", "https://fcm.googleapis.com/x y", "https://fcm.googleapis.com:x/", "",
     "https://169.254.169.254\\.push.apple.com/x", "https://evil.example\\.notify.windows.com/x",
     "https://evil.example;.push.apple.com/x", "https://evil.example%2f.push.apple.com/x",
     "https://[::1].push.apple.com/x", "https://.push.apple.com/x", "https://a..push.apple.com/x"],
)  # fmt: skip
def test_a_phone_sends_us_to_push_services_alone(endpoint: str, key: VapidKey) -> None:
    subscription = json.dumps({"endpoint": endpoint})
    with pytest.raises(Invalid):
        endpoint_of(subscription)
    assert WebPush(key, "https://recovery.test").push(OutboundPush(subscription, "en", 60)) == PushRefused("address")


@pytest.mark.parametrize(
    "token", ["", "x", "[]", "null", '{"endpoint": 7}', "[" * 5000, '"https://fcm.googleapis.com/x"']
)
def test_what_is_no_subscription_is_refused(token: str, phone: Phone) -> None:
    with pytest.raises(Invalid):
        endpoint_of(token, allow_local=True)
    assert phone.subscribe(token.ljust(8)) == 422


def test_the_known_services_are_allowed() -> None:
    for host in ("fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com",
                 "wns2-par02p.notify.windows.com"):  # fmt: skip
        assert endpoint_of(f'{{"endpoint": "https://{host}/a/b?c=d"}}') == f"https://{host}/a/b?c=d"


# the key


def pem(key: Any) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def settings_with(folder: Path, content: bytes, mode: int = 0o600) -> Settings:
    file = folder / "vapid.pem"
    file.write_bytes(content)
    file.chmod(mode)
    return Settings(vapid_key_file=file)


def test_a_key_on_the_right_curve_is_taken_and_none_at_all_means_no_pushes(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, pem(ec.generate_private_key(ec.SECP256R1())))
    key = vapid_key(settings)
    assert key is not None
    assert len(key.public) == 87
    assert vapid_key(Settings()) is None


def test_a_key_that_is_unfit_is_refused_in_one_line(tmp_path: Path) -> None:
    good = pem(ec.generate_private_key(ec.SECP256R1()))
    unfit = [
        b"",
        b"not a key",
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(rsa.generate_private_key(65537, 2048)),
    ]
    for content in unfit:
        with pytest.raises(SettingsRefused, match="VAPID_KEY_FILE"):
            vapid_key(settings_with(tmp_path, content))
    for spoilt in (settings_with(tmp_path, good, 0o644), Settings(vapid_key_file=tmp_path / "missing")):
        with pytest.raises(SettingsRefused, match="VAPID_KEY_FILE"):
            vapid_key(spoilt)
        assert any("VAPID_KEY_FILE" in line for line in spoilt.refusals())


def test_a_page_is_told_what_to_subscribe_with(ann: PatientPersona) -> None:
    assert ann.get("/config").json["push_key"] is None

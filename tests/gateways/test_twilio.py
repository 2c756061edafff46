"""Every way in which a send to Twilio can end is one of five outcomes, over real sockets and Twilio's own client."""

import datetime as dt
import json
import logging
import socket
import ssl
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import parse_qs

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from recovery_api.gateways.carrier_http import pause_named
from recovery_api.gateways.sms import (
    Accepted,
    CarrierUnreachable,
    Delivery,
    NotSent,
    OutboundText,
    Rejected,
    Throttled,
    Unknown,
)
from recovery_api.gateways.twilio import TwilioGateway, with_overrides
from recovery_api.services.settle_unknown import LONGEST_CALL
from recovery_api.simulator.carrier import Carrier
from recovery_api.simulator.carrier_delivery import Pace
from recovery_api.simulator.server import Answer, CarrierServer, Ending, in_json

ACCOUNT, TOKEN, SERVICE = "AC" + "a" * 32, "t" * 32, "MG" + "b" * 32
ANN, CLINIC = "+15555550123", "+15555550100"
WORDS = "Canary words for Day 3"
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
NEVER = Pace(sent=3600)


@pytest.fixture
def carrier():
    with Carrier(ACCOUNT, TOKEN, pace=NEVER) as carrier:
        yield carrier


@contextmanager
def gateway_to(address, **more):
    settings = {"account_sid": ACCOUNT, "auth_token": TOKEN, "connect_seconds": 2, "read_seconds": 2, **more}
    gateway = TwilioGateway(api_base=address, **settings)
    try:
        yield gateway
    finally:
        gateway.close()


@pytest.fixture
def gateway(carrier):
    with gateway_to(carrier.address, read_seconds=0.3) as gateway:
        yield gateway


@contextmanager
def serving(route):
    server = CarrierServer("127.0.0.1", 0, route)
    server.start()
    try:
        yield server.address
    finally:
        server.stop()


def text(**changes):
    return OutboundText(**{"to": ANN, "body": WORDS, "from_": CLINIC, **changes})


def now():
    return dt.datetime.now(dt.UTC)


def test_a_text_that_twilio_takes_is_accepted_and_can_be_found(carrier, gateway):
    outcome = gateway.send(text())
    assert isinstance(outcome, Accepted)
    assert outcome.status == "queued"
    assert gateway.find(ANN, WORDS, now()) == outcome.sid
    assert gateway.delivery_of(outcome.sid) == Delivery("queued", None)


def test_what_is_sent_is_what_the_page_of_twilio_asks_for():
    seen = []

    def route(request):
        seen.append(request)
        return in_json({"sid": "SM" + "1" * 32, "status": "accepted"}, 201)

    callback = "https://recovery.example.org/webhooks/twilio/status?m=ab12"
    with (
        serving(route) as address,
        gateway_to(address, api_key="SK1", api_secret="s", messaging_service_sid=SERVICE) as gateway,
    ):
        gateway.send(text(status_callback=callback, validity_seconds=7200))
        gateway.send(text(from_="", validity_seconds=10**6))
        gateway.send(text(validity_seconds=0))
    forms = [{name: value for name, [value] in parse_qs(request.body.decode()).items()} for request in seen]
    assert forms[0] == {
        "To": ANN,
        "From": CLINIC,
        "Body": WORDS,
        "MessagingServiceSid": SERVICE,
        "SmartEncoded": "true",
        "ValidityPeriod": "7200",
        "StatusCallback": callback + "#rc=3&rp=all&ct=3000&rt=5000",
    }
    assert "From" not in forms[1]
    assert "StatusCallback" not in forms[1]
    assert [form["ValidityPeriod"] for form in forms[1:]] == ["36000", "5"]
    assert seen[0].headers["Authorization"] == "Basic U0sxOnM="
    assert seen[0].path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


def test_an_address_with_wishes_of_its_own_keeps_them():
    assert with_overrides("https://x.example/s?m=1#rc=1") == "https://x.example/s?m=1#rc=1"


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"fault": "drop_before"}, Unknown("ProtocolError")),
        ({"fault": "unavailable"}, Unknown("http 503")),
        ({"fault": "throttle", "seconds": 7}, Throttled(7, 20429)),
        ({"fault": "reject", "code": 21611}, Throttled(None, 21611)),
        ({"fault": "reject", "code": 21610}, Rejected(21610, "opted_out")),
        ({"fault": "reject", "code": 21408}, Rejected(21408, "sender_config")),
        ({"fault": "reject", "code": 29999}, Rejected(29999, "request_bug")),
        ({"fault": "reject", "code": 20500}, Unknown("code 20500")),
    ],
    ids=lambda value: str(value.get("fault", "")) + str(value.get("code", "")) if isinstance(value, dict) else "",
)
def test_a_text_that_was_not_taken_ends_as_it_should_and_is_not_found(carrier, gateway, fault, outcome):
    fault = carrier.faults.add({**fault, "on": "create"})
    assert gateway.send(text()) == outcome
    assert fault.struck == 1
    assert gateway.find(ANN, WORDS, LONG_AGO) is None


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("hang_after_accept", "ReadTimeoutError"),
        ("reset_after_accept", "ProtocolError"),
        ("error_500_after_accept", "http 500"),
        ("nonsense", "unreadable answer"),
    ],
)
def test_a_text_that_was_taken_without_an_answer_is_unknown_and_is_found(carrier, gateway, fault, reason):
    carrier.faults.add({"fault": fault})
    started = now()
    assert gateway.send(text()) == Unknown(reason)
    [taken] = carrier.state.messages.thread(ANN, 10)
    assert gateway.find(ANN, WORDS, started) == taken.sid
    assert carrier.state.statistics()["creates"] == 1


@pytest.mark.parametrize(
    ("to", "code", "kind"),
    [
        ("+15005550001", 21211, "recipient_permanent"),
        ("+15005550002", 21612, "recipient_permanent"),
        ("+15005550003", 21408, "sender_config"),
        ("+15005550004", 21610, "opted_out"),
        ("+15005550009", 21614, "recipient_permanent"),
        ("hello", 21211, "recipient_permanent"),
    ],
)
def test_a_refused_recipient_says_what_to_do(gateway, to, code, kind):
    assert gateway.send(text(to=to)) == Rejected(code, kind)


def test_a_text_to_somebody_who_opted_out_is_refused(carrier, gateway):
    carrier.delivery.receive(ANN, CLINIC, "Stop ")
    assert gateway.send(text()) == Rejected(21610, "opted_out")
    carrier.delivery.receive(ANN, CLINIC, "START")
    assert isinstance(gateway.send(text()), Accepted)


def test_wrong_credentials_are_a_matter_for_the_operator(carrier):
    with gateway_to(carrier.address, auth_token="x") as gateway:
        assert gateway.send(text()) == Rejected(20003, "sender_config")
        with pytest.raises(CarrierUnreachable, match="code"):
            gateway.find(ANN, WORDS, now())


@pytest.mark.parametrize("body", ["7\ud800", "a\x00b"])
def test_words_that_cannot_be_written_are_refused_before_they_are_sent(carrier, gateway, body):
    assert gateway.send(text(body=body)) == Rejected(0, "content")
    assert carrier.state.statistics()["requests"] == 0


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (201, b"{}", Unknown("answer without an id")),
        (201, b'{"sid": 5}', Unknown("answer without an id")),
        (201, b'{"sid": "SM123"}', Unknown("answer without an id")),
        (201, b"[]", Unknown("unreadable answer")),
        (201, b"null", Unknown("unreadable answer")),
        (201, b"", Unknown("answer without an id")),
        (201, b"\xff\xfe", Unknown("unreadable answer")),
        (201, b"[" * 100_000, Unknown("unreadable answer")),
        (201, b'{"sid": "SM", "date_created": 5}', Unknown("unreadable answer")),
        (302, b"{}", Unknown("code 302")),
        (400, b"{}", Rejected(400, "request_bug")),
        (400, b"[]", Rejected(400, "request_bug")),
        (400, b'{"code": "21211"}', Rejected(21211, "recipient_permanent")),
        (400, b'{"code": true}', Rejected(400, "request_bug")),
        (400, b'{"code": null}', Rejected(400, "request_bug")),
        (400, b'{"code": 20429}', Throttled(None, 20429)),
        (400, b'{"type": "t", "title": "t", "status": 400, "code": 21610}', Rejected(21610, "opted_out")),
        (401, b"", Rejected(401, "sender_config")),
        (403, b"<html>", Rejected(403, "sender_config")),
        (404, b"<html>", Rejected(404, "sender_config")),
        (408, b"", Unknown("code 408")),
        (429, b"<html>", Throttled(None, 20429)),
        (500, b"", Unknown("http 500")),
        (502, b"<html>", Unknown("http 502")),
    ],
)
def test_whatever_is_answered_is_one_of_the_five_outcomes(status, body, outcome):
    with serving(lambda request: Answer(status, body)) as address, gateway_to(address) as gateway:
        assert gateway.send(text()) == outcome
        with pytest.raises(CarrierUnreachable):
            list(gateway.list_inbound(CLINIC, LONG_AGO)) if status != 201 else gateway.find(ANN, WORDS, LONG_AGO)


def free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def test_where_nobody_listens_nothing_was_sent():
    with gateway_to(f"http://127.0.0.1:{free_port()}") as gateway:
        assert gateway.send(text()) == NotSent("NewConnectionError")
        with pytest.raises(CarrierUnreachable):
            gateway.find(ANN, WORDS, now())


@pytest.mark.parametrize("address", ["https://carrier.invalid", "http://" + "x" * 70, "http://["])
def test_where_no_such_host_is_nothing_was_sent(address):
    with gateway_to(address) as gateway:
        assert isinstance(gateway.send(text()), NotSent)


def test_where_the_connection_is_not_taken_in_time_nothing_was_sent():
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        address = f"http://127.0.0.1:{full.getsockname()[1]}"
        with gateway_to(address, connect_seconds=0.2) as gateway:
            assert gateway.send(text()) == NotSent("ConnectTimeoutError")


def self_signed(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(LONG_AGO)
        .not_valid_after(now() + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "pair.pem"
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file


def test_where_the_certificate_is_not_twilios_nothing_was_sent(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def shake_hands():
            connection, _ = listening.accept()
            with connection, pytest.raises(ssl.SSLError):
                context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=shake_hands)
        thread.start()
        with gateway_to(f"https://localhost:{listening.getsockname()[1]}") as gateway:
            assert gateway.send(text()) == NotSent("SSLError")
        thread.join()


def test_where_plain_http_answers_for_tls_nothing_was_sent(carrier):
    with gateway_to(carrier.address.replace("http:", "https:")) as gateway:
        assert isinstance(gateway.send(text()), NotSent)
    assert carrier.state.statistics()["requests"] == 0


def test_a_proxy_or_netrc_of_the_machine_is_not_followed(carrier, gateway, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login x password y")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert isinstance(gateway.send(text()), Accepted)


def test_the_machines_edge_and_region_do_not_redirect_us(carrier, gateway, monkeypatch):
    monkeypatch.setenv("TWILIO_REGION", "nowhere")
    monkeypatch.setenv("TWILIO_EDGE", "nowhere")
    assert isinstance(gateway.send(text()), Accepted)


def test_a_carrier_that_restarts_between_two_texts_costs_none():
    with Carrier(ACCOUNT, TOKEN) as first:
        port = int(first.address.rpartition(":")[2])
        gateway = TwilioGateway(account_sid=ACCOUNT, auth_token=TOKEN, api_base=first.address)
        assert isinstance(gateway.send(text()), Accepted)
    with Carrier(ACCOUNT, TOKEN, port=port):
        assert isinstance(gateway.send(text()), Accepted)
        gateway.close()


def test_sixteen_threads_share_one_client(carrier, gateway):
    def send(number):
        return gateway.send(text(to=f"+155555501{number % 16 + 10}", body=f"Day {number}"))

    with ThreadPoolExecutor(16) as pool:
        outcomes = [*pool.map(send, range(320))]
    assert len({outcome.sid for outcome in outcomes}) == 320
    counted = carrier.state.statistics()
    assert (counted["creates"], counted["repeats"]) == (320, [])


def test_a_process_that_was_forked_makes_a_client_of_its_own(carrier, gateway, monkeypatch):
    gateway.send(text())
    parents = gateway._client()
    monkeypatch.setattr("recovery_api.gateways.twilio.os.getpid", lambda: -1)
    childs = gateway._client()
    assert childs is not parents
    assert childs is gateway._client()
    parents.http_client.close()


def test_the_official_library_is_not_loaded_before_it_is_needed():
    code = "import sys; from recovery_api.gateways.twilio import TwilioGateway as T; T(account_sid='AC')"
    code += "; print('twilio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_neither_number_nor_words_nor_secret_reach_a_log(carrier, gateway, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with gateway_to(f"http://127.0.0.1:{free_port()}") as nobody:
        nobody.send(text())
    for fault in ("nonsense", "error_500_after_accept", "reset_after_accept", "drop_before", "throttle"):
        wanted = carrier.faults.add({"fault": fault})
        gateway.send(text())
        carrier.faults.remove(wanted.id)
    gateway.send(text(to="+15005550001"))
    gateway.find(ANN, WORDS, now())
    carrier.faults.add({"fault": "unavailable"})
    with pytest.raises(CarrierUnreachable) as refused:
        gateway.find(ANN, WORDS, now())
    logging.getLogger("twilio.http_client").info("To=%s", ANN)
    logging.getLogger("urllib3.connectionpool").debug("To=%s", ANN)
    out = "".join([caplog.text, *capfd.readouterr(), repr(text()), repr(gateway), str(refused.value)])
    for secret in (ANN, ANN[1:], "5005550001", "Canary", TOKEN):
        assert secret not in out


def take(carrier, body=WORDS, to=ANN, age=dt.timedelta()):
    message = carrier.state._keep("outbound-api", CLINIC, to, body, "queued")
    message.created_at -= age
    return message.sid


def test_only_the_same_words_to_the_same_phone_since_then_are_found(carrier, gateway):
    started = now()
    take(carrier, age=dt.timedelta(minutes=2))
    take(carrier, to="+15555550124")
    take(carrier, body=WORDS + " ")
    carrier.state.receive(CLINIC, ANN, WORDS)
    assert gateway.find(ANN, WORDS, started) is None
    first = take(carrier, age=dt.timedelta(seconds=50))
    second = take(carrier)
    assert gateway.find(ANN, WORDS, started) == first
    assert gateway.find(ANN, WORDS, started, taken={first}) == second
    assert gateway.find(ANN, WORDS, started, taken={first, second}) is None


def test_a_text_is_found_behind_many_newer_ones(carrier, gateway):
    sid = take(carrier)
    for number in range(250):
        take(carrier, body=f"Day {number}")
    assert gateway.find(ANN, WORDS, now()) == sid


def test_old_pages_are_not_read(carrier, gateway):
    for number in range(350):
        take(carrier, body=f"Day {number}", age=dt.timedelta(hours=1))
    before = carrier.state.statistics()["requests"]
    assert gateway.find(ANN, WORDS, now()) is None
    assert carrier.state.statistics()["requests"] == before + 1


def test_what_arrived_is_listed_since_a_moment(carrier, gateway):
    old = carrier.state.receive(ANN, CLINIC, "old")
    old.created_at -= dt.timedelta(hours=1)
    since = now()
    carrier.state.receive(ANN, CLINIC, "7 ")
    carrier.state.receive("70404", CLINIC, "", media=2)
    carrier.state.receive(ANN, "+15555550101", "to another clinic")
    take(carrier, to=CLINIC)
    arrived = sorted(gateway.list_inbound(CLINIC, since), key=lambda one: one.body)
    assert [(one.from_, one.to, one.body, one.media) for one in arrived] == [
        ("70404", CLINIC, "", 2),
        (ANN, CLINIC, "7 ", 0),
    ]
    assert all(since - dt.timedelta(seconds=1) <= one.received_at <= now() for one in arrived)
    assert all(one.sid.startswith(("SM", "MM")) for one in arrived)


def test_a_long_outage_is_listed_page_by_page(carrier, gateway):
    for number in range(1001):
        carrier.state.receive(ANN, CLINIC, str(number))
    before = carrier.state.statistics()["requests"]
    arrived = gateway.list_inbound(CLINIC, LONG_AGO)
    first = next(arrived)
    assert first.body == "1000"
    assert carrier.state.statistics()["requests"] == before + 1
    assert len({one.sid for one in arrived} | {first.sid}) == 1001


def test_a_list_that_breaks_off_half_way_says_so(carrier, gateway):
    for number in range(1001):
        carrier.state.receive(ANN, CLINIC, str(number))
    arrived = gateway.list_inbound(CLINIC, LONG_AGO)
    next(arrived)
    carrier.faults.add({"fault": "unavailable", "on": "read"})
    with pytest.raises(CarrierUnreachable, match="503"):
        list(arrived)


def test_a_list_that_never_ends_is_left():
    def route(request):
        return in_json({"messages": [], "next_page_uri": "/again"})

    with serving(route) as address, gateway_to(address) as gateway, pytest.raises(CarrierUnreachable, match="end"):
        list(gateway.list_inbound(CLINIC, LONG_AGO))


def test_a_listed_record_that_cannot_be_read_is_no_answer():
    def route(request):
        return in_json({"messages": [{"sid": "SM1", "direction": "inbound", "num_media": "many"}]})

    with serving(route) as address, gateway_to(address) as gateway, pytest.raises(CarrierUnreachable):
        list(gateway.list_inbound(CLINIC, LONG_AGO))


def test_the_record_of_a_text_tells_how_far_it_got(carrier, gateway):
    sid = gateway.send(text()).sid
    carrier.state.move(sid, "undelivered", 30003)
    assert gateway.delivery_of(sid) == Delivery("undelivered", 30003)
    assert gateway.delivery_of("SM" + "0" * 32) is None
    carrier.faults.add({"fault": "unavailable"})
    with pytest.raises(CarrierUnreachable):
        gateway.delivery_of(sid)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "9" * 400}, 3600),
        ({"Retry-After": "-7"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "٧"}, None),
        ({"Retry-After": "Sun, 22 Nov 2026 09:00:30 GMT"}, None),
        ({"Retry-After": "Sun, 22 Nov 2026 09:00:30 GMT", "Date": "Sun, 22 Nov 2026 09:00:00 GMT"}, 30),
        ({"Retry-After": "Sun, 22 Nov 2026 08:00:00 GMT", "Date": "Sun, 22 Nov 2026 09:00:00 GMT"}, 0),
        ({"Retry-After": "Sun, 22 Nov 2026 09:00:30 -0000", "Date": "Sun, 22 Nov 2026 09:00:00 GMT"}, None),
    ],
)
def test_the_pause_that_is_asked_for_is_read_without_a_clock(headers, seconds):
    assert pause_named(headers) == seconds


def test_a_line_that_dies_after_half_an_answer_is_unknown():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer_half():
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n" + json.dumps({"sid": 1}).encode()
                )

        thread = threading.Thread(target=answer_half)
        thread.start()
        with gateway_to(f"http://127.0.0.1:{listening.getsockname()[1]}") as gateway:
            assert isinstance(gateway.send(text()), Unknown)
        thread.join()


def test_a_stop_of_the_server_releases_those_who_wait(carrier):
    answer = Answer(ending=Ending.WAIT, wait_seconds=3600)
    with serving(lambda request: answer) as address, gateway_to(address, read_seconds=0.1) as gateway:
        assert gateway.send(text()) == Unknown("ReadTimeoutError")


def test_the_program_waits_three_seconds_for_a_connection_and_thirty_for_an_answer(clinic):
    assert clinic.wiring._twilio._timeouts == (3.0, 30.0)
    assert LONGEST_CALL.total_seconds() > sum(clinic.wiring._twilio._timeouts), "the carrier may take it until then"

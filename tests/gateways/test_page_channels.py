"""Pages by e-mail to a real server on this machine, and the roads of the trial."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

import pytest

from recovery_api.config import Settings
from recovery_api.domain.trial import PATIENT_PHONE, SID_PREFIX, SINK_PHONE
from recovery_api.gateways.email import BadSmtpUrl, SmtpPages
from recovery_api.gateways.heartbeat import send_heartbeat
from recovery_api.gateways.page_channel import NotNow, OutboundPage, Refused, Taken
from recovery_api.gateways.sms import Accepted, OutboundText
from recovery_api.gateways.trial_road import RoadClosed, SignedRoad, SimulatedRoad, SinkForTrials
from recovery_api.hooks.signature import signed_by
from tests.services.scripted_carrier import ScriptedCarrier

PAGE = OutboundPage("lead@clinic.example", "Harbour Clinic", "emergency", "4821", "https://r.test/worklist", "ref1")


class OneServer:
    """A server that plays its side of one conversation, line by line, and keeps what it heard."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._socket = socket.create_server((host, 0))
        self._socket.settimeout(10)
        self.port = self._socket.getsockname()[1]
        self.heard = ""

    def close(self) -> None:
        self._socket.close()

    def mail(self, refuses: str = "") -> None:
        """SMTP, as far as one mail needs it; `refuses` is the answer to the recipient."""
        connection, _ = self._socket.accept()
        with connection, connection.makefile("rwb") as wire:

            def say(line: str) -> None:
                wire.write(f"{line}\r\n".encode())
                wire.flush()

            say("220 mail.test")
            for raw in wire:
                line = raw.decode()
                self.heard += line
                verb = line[:4].upper()
                if verb == "DATA":
                    say("354 go on")
                    for body in wire:
                        self.heard += body.decode()
                        if body == b".\r\n":
                            break
                    say("250 taken")
                elif verb == "QUIT":
                    say("221 bye")
                    return
                else:
                    say(refuses if verb == "RCPT" and refuses else "250 ok")

    def http(self, *statuses: int) -> None:
        """One answer a connection."""
        for status in statuses:
            connection, _ = self._socket.accept()
            with connection:
                self.heard += _request(connection)
                connection.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


def _request(connection: socket.socket) -> str:
    """One request, with all of its body."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += connection.recv(65536)
    head, _, body = heard.partition(b"\r\n\r\n")
    lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < sum(lengths):
        body += connection.recv(65536)
    return (head + b"\r\n\r\n" + body).decode()


@contextmanager
def served(how: str, *args: object, host: str = "127.0.0.1") -> Iterator[OneServer]:
    server = OneServer(host)
    thread = threading.Thread(target=getattr(server, how), args=args, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        thread.join(10)
        server.close()


def test_a_page_by_mail_says_where_what_and_a_code_and_names_nobody() -> None:
    with served("mail") as server:
        assert SmtpPages(f"smtp://127.0.0.1:{server.port}/?from=pages@clinic.example").page(PAGE) == Taken()
    assert "RCPT TO:<lead@clinic.example>" in server.heard.replace("rcpt", "RCPT").replace("To:", "TO:")
    assert "Subject: Harbour Clinic: emergency flag 4821 waits" in server.heard
    assert "https://r.test/worklist" in server.heard


@pytest.mark.parametrize(("answer", "outcome"), [("550 nobody", Refused("address")), ("451 later", NotNow("address"))])
def test_a_refused_address_is_told_from_one_to_try_again(answer: str, outcome: object) -> None:
    with served("mail", answer) as server:
        assert SmtpPages(f"smtp://127.0.0.1:{server.port}/?from=pages@clinic.example").page(PAGE) == outcome


def test_a_server_that_is_away_is_to_be_tried_again() -> None:
    server = OneServer()
    server.close()
    url = f"smtp://127.0.0.1:{server.port}/?from=pages@clinic.example"
    assert SmtpPages(url).page(PAGE) == NotNow("ConnectionRefusedError")


def test_elsewhere_no_mail_leaves_without_encryption() -> None:
    with served("mail", host="127.0.0.2") as server:  # an address that is not taken for this very machine
        pages = SmtpPages(f"smtp://127.0.0.2:{server.port}/?from=pages@clinic.example")
        assert isinstance(pages.page(PAGE), NotNow)
    assert "lead@clinic.example" not in server.heard


@pytest.mark.parametrize("url", ["smtp://mail.example", "http://mail.example/?from=a@b", "smtps://h:x/?from=a@b", "x"])
def test_an_address_that_no_mail_can_be_handed_to_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(BadSmtpUrl):
        SmtpPages(url)
    assert any("SMTP_URL" in reason for reason in Settings(smtp_url=url).refusals())


def test_neither_password_nor_address_shows_in_a_representation() -> None:
    pages = SmtpPages("smtps://someone%40clinic.example:secret@mail.example")
    assert "secret" not in repr(pages)
    assert "lead@" not in repr(PAGE)
    assert "secret" not in repr(Settings(smtp_url="smtps://a:secret@b"))


# the roads of the trial, and the heartbeat


def test_the_trial_in_production_is_signed_as_the_carrier_signs() -> None:
    with served("http", 200) as server:
        url = f"http://127.0.0.1:{server.port}"
        SignedRoad(url, "AC" + "5" * 32, "a-token").text(PATIENT_PHONE, "+12125550199", "my legs feel weak")
    head, _, body = server.heard.partition("\r\n\r\n")
    fields = parse_qs(body)
    signature = next(line.split(": ")[1] for line in head.splitlines() if line.startswith("X-Twilio-Signature"))
    assert signed_by(("a-token",), url, "/webhooks/twilio/inbound", "", fields, signature)
    assert fields["MessageSid"][0].startswith(SID_PREFIX)


@pytest.mark.parametrize("status", [302, 403, 503])
def test_a_road_that_does_not_answer_well_is_closed(status: int) -> None:
    with served("http", status) as server:
        road = SignedRoad(f"http://127.0.0.1:{server.port}", "AC" + "5" * 32, "a-token")
        with pytest.raises(RoadClosed, match=str(status)):
            road.text(PATIENT_PHONE, "+12125550199", "my legs feel weak")
    with pytest.raises(RoadClosed):
        SimulatedRoad(f"http://127.0.0.1:{server.port}").text(PATIENT_PHONE, "+12125550199", "x")


def test_texts_of_a_trial_go_to_no_carrier_and_all_others_do() -> None:
    carrier = ScriptedCarrier()
    sink = SinkForTrials(carrier)
    taken = sink.send(OutboundText(SINK_PHONE, "a page"))
    assert isinstance(taken, Accepted)
    assert sink.delivery_of(taken.sid) == ("delivered", None)
    assert carrier.offered == []
    sink.send(OutboundText("+12125550130", "a page"))
    assert len(carrier.offered) == 1


def test_the_heartbeat_is_asked_for_by_get_or_by_post_and_never_raises() -> None:
    with served("http", 200) as server:
        assert send_heartbeat(f"http://127.0.0.1:{server.port}/beat")
    with served("http", 405, 200) as server:
        assert send_heartbeat(f"http://127.0.0.1:{server.port}/beat")
    assert "POST /beat" in server.heard
    with served("http", 500) as server:
        assert not send_heartbeat(f"http://127.0.0.1:{server.port}/beat")
    assert not send_heartbeat(f"http://127.0.0.1:{server.port}/beat")

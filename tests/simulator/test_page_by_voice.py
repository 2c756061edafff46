"""A page by voice from end to end: the carrier rings over real HTTP, a key is pressed, and the flag is taken."""

import threading
from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.serving import make_server

from recovery_api.domain.tiers import Tier
from recovery_api.gateways.twilio import TwilioGateway
from recovery_api.gateways.twilio_calls import TwilioCalls
from recovery_api.gateways.voice_pages import VoicePages
from recovery_api.services.tell_pages import Channels, tell_pages
from recovery_api.simulator.carrier import Carrier
from recovery_api.simulator.carrier_delivery import Pace
from tests.builders import BuiltClinic, ClockHand, make_clinic, make_clinician, make_patient
from tests.database import ACCOUNT, TOKEN
from tests.deployment import wait_for
from tests.services.test_climb_ladder import call, climb, events, finding, flag_of
from tests.simulator.test_calls import ask

HER_PHONE = "+12125550130"


@pytest.fixture
def carrier(app: Flask) -> Iterator[Carrier]:
    """A carrier whose web hooks reach the application over TCP, signed for its public address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        pace = Pace(sent=0, delivered=0)
        with Carrier(ACCOUNT, TOKEN, connect_to=f"127.0.0.1:{server.server_port}", pace=pace) as made:
            yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def rung_by_voice(clinic: BuiltClinic, clock: ClockHand, carrier: Carrier) -> UUID:
    """An emergency that nobody took for a quarter of an hour, and the call that is made for it."""
    flag_id = call(make_patient(clinic), finding(Tier.EMERGENCY))
    clock.forward(minutes=15)
    climb(clinic, ("sms", "voice"))
    gateway = TwilioGateway(account_sid=ACCOUNT, auth_token=TOKEN, api_base=carrier.address)
    channels = Channels(
        {"voice": VoicePages(TwilioCalls(gateway), clinic.wiring.settings.public_url)}, "https://recovery.test/worklist"
    )
    with clinic.app.app_context():
        assert tell_pages("tests:0:0", clinic.wiring.vaults, channels, clock.now) == 1
    gateway.close()
    return flag_id


def heard(carrier: Carrier) -> list[str]:
    """What was said and pressed on the one call, once it is over."""

    def over() -> list[str] | None:
        [shown] = ask(carrier, "GET", f"/simulator/calls?phone=%2B{HER_PHONE[1:]}")[1]["items"]
        return [line["words"] for line in shown["heard"]] if shown["status"] == "completed" else None

    lines: list[str] = wait_for(over, "the call did not end")
    return lines


@pytest.mark.parametrize(("key", "status"), [("1", "acknowledged"), ("2", "open")])
def test_a_key_pressed_on_the_ringing_phone_takes_the_flag_or_leaves_it(
    app: Flask, clock: ClockHand, carrier: Carrier, key: str, status: str
) -> None:
    clinic = make_clinic(app)
    nurse = make_clinician(clinic, phone=HER_PHONE)
    assert ask(carrier, "POST", "/simulator/phones", {"phone": HER_PHONE, "answers": "human", "keys": [key]})[0] == 204
    flag_id = rung_by_voice(clinic, clock, carrier)
    question, pressed, answer, *_ = heard(carrier)
    assert "emergency" in question
    assert "Annwyl" not in question
    assert pressed == key
    assert ("is yours now" in answer) == (key == "1")
    flag = flag_of(clinic, flag_id)
    assert (flag.status, flag.owner_id) == (status, nurse.id if key == "1" else None)
    assert [event.detail["channel"] for event in events(clinic, flag_id)][-1] == "voice"
    assert (flag.next_rung_at is None) == (key == "1"), "the ladder goes on until somebody has it"

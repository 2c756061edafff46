"""Calls leave through Twilio's own client with the outcomes that texts have, and what they say cannot break out."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.gateways.sms import Accepted, CarrierUnreachable, NotSent, Rejected, Throttled, Unknown
from recovery_api.gateways.twilio import TwilioGateway
from recovery_api.gateways.twilio_calls import TwilioCalls
from recovery_api.gateways.twilio_voice import Ask, Connect, twiml
from recovery_api.gateways.voice import OutboundCall
from recovery_api.simulator.carrier import Carrier
from recovery_api.simulator.carrier_delivery import Pace

ACCOUNT, TOKEN = "AC" + "a" * 32, "t" * 32
ANN, CLINIC = "+15555550123", "+15555550100"
CALL = OutboundCall(ANN, CLINIC, "http://127.0.0.1:9/words?c=1", "http://127.0.0.1:9/status?c=1", 30)
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    with Carrier(ACCOUNT, TOKEN, pace=Pace(sent=3600)) as carrier:
        yield carrier


@pytest.fixture
def calls(carrier: Carrier) -> Iterator[TwilioCalls]:
    gateway = TwilioGateway(account_sid=ACCOUNT, auth_token=TOKEN, api_base=carrier.address, read_seconds=0.3)
    yield TwilioCalls(gateway)
    gateway.close()


def test_a_call_is_taken_once_and_found_in_the_list(calls: TwilioCalls) -> None:
    taken = calls.place(CALL)
    assert isinstance(taken, Accepted)
    assert calls.find_call(CALL, LONG_AGO) == taken.sid
    assert calls.find_call(CALL, LONG_AGO, frozenset({taken.sid})) is None
    assert calls.find_call(CALL, dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)) is None
    other_clinics = replace(CALL, from_="+15555550101")
    assert calls.find_call(other_clinics, LONG_AGO) is None, "another clinic's call to the same landline"


@pytest.mark.parametrize(
    ("fault", "kind", "was_made"),
    [
        ({"fault": "throttle", "seconds": 7}, Throttled, False),
        ({"fault": "reject", "code": 21211}, Rejected, False),
        ({"fault": "unavailable"}, Unknown, False),
        ({"fault": "error_500_after_accept"}, Unknown, True),
        ({"fault": "reset_after_accept"}, Unknown, True),
        ({"fault": "hang_after_accept", "seconds": 1}, Unknown, True),
        ({"fault": "nonsense"}, Unknown, True),
    ],
    ids=lambda value: value.get("fault") if isinstance(value, dict) else None,
)
def test_every_way_it_can_end_is_an_outcome(
    carrier: Carrier, calls: TwilioCalls, fault: dict[str, object], kind: type, was_made: bool
) -> None:
    carrier.faults.add({**fault, "on": "create"})
    assert isinstance(calls.place(CALL), kind)
    assert (calls.find_call(CALL, LONG_AGO) is not None) == was_made


def test_a_carrier_that_is_away_had_nothing_and_cannot_be_asked() -> None:
    away = TwilioCalls(TwilioGateway(account_sid=ACCOUNT, auth_token=TOKEN, api_base="http://127.0.0.1:9"))
    assert isinstance(away.place(CALL), NotSent)
    with pytest.raises(CarrierUnreachable):
        away.find_call(CALL, LONG_AGO)


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=40)


@given(_WORDS, _WORDS, st.sampled_from(["&", "<", ">", '"', "'", "]]>", "<!--", "</Say><Dial>"]))
def test_no_words_can_become_orders_to_the_carrier(name: str, clinic: str, hostile: str) -> None:
    told, asked = name + hostile + clinic, hostile + name
    response = fromstring(twiml([told], Ask([asked], f"http://x/?a=1&b={len(name)}"), "en-US"))
    assert [element.tag for element in response] == ["Say", "Pause", "Gather"]
    assert (response[0].text, response[2][0].text) == (told, asked)
    dial = fromstring(twiml([told], Connect("+12125550199", "http://x/", CLINIC), "en-US")).find("Dial")
    assert dial is not None
    assert dial.text == "+12125550199"

"""A second carrier gets what the first surely did not take, and never what it may have taken."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from recovery_api.config import Settings
from recovery_api.gateways.second_carrier import TwoCarriers
from recovery_api.gateways.sms import Accepted, CarrierUnreachable, OutboundText, Rejected, Throttled, Unknown
from recovery_api.gateways.twilio import TwilioGateway
from recovery_api.simulator.carrier import Carrier
from recovery_api.simulator.carrier_delivery import Pace
from recovery_api.wiring import Wiring

FIRST, SECOND = ("AC" + "1" * 32, "first-token"), ("AC" + "2" * 32, "second-token")
TEXT = OutboundText("+15555550123", "Made-up words for day 3", from_="+15555550100")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TAKEN = ("hang_after_accept", "reset_after_accept", "error_500_after_accept", "nonsense")


class Both:
    """Two simulated carriers and what speaks to them."""

    def __init__(self, first: Carrier, second: Carrier) -> None:
        self.carriers = (first, second)
        self.gateway = TwoCarriers(*(self._gateway(*pair) for pair in ((first, FIRST), (second, SECOND))))

    def _gateway(self, carrier: Carrier, account: tuple[str, str]) -> TwilioGateway:
        return TwilioGateway(
            account_sid=account[0], auth_token=account[1], api_base=carrier.address, connect_seconds=2, read_seconds=0.3
        )

    def taken(self) -> list[int]:
        """How many texts each of them took."""
        return [carrier.state.statistics()["creates"] for carrier in self.carriers]

    def fault(self, fault: str, place: int = 0, **more: object) -> None:
        """Put a fault in force with one of them."""
        self.carriers[place].faults.add({"fault": fault, **more})


@pytest.fixture
def both() -> Iterator[Both]:
    with (
        Carrier(*FIRST, pace=Pace(sent=3600)) as first,
        Carrier(*SECOND, pace=Pace(sent=3600)) as second,
    ):
        yield Both(first, second)


def test_the_second_carrier_idles_while_the_first_takes_texts(both: Both) -> None:
    assert isinstance(both.gateway.send(TEXT), Accepted)
    assert both.taken() == [1, 0]


@pytest.mark.parametrize("fault", [{"fault": "throttle"}, {"fault": "reject", "code": 20003}])
def test_what_the_first_carrier_surely_did_not_take_goes_to_the_second(both: Both, fault: dict[str, object]) -> None:
    both.carriers[0].faults.add(fault)
    outcome = both.gateway.send(TEXT)
    assert isinstance(outcome, Accepted)
    assert both.taken() == [0, 1]
    assert both.gateway.find(TEXT.to, TEXT.body, LONG_AGO) == outcome.sid
    delivery = both.gateway.delivery_of(outcome.sid)
    assert delivery is not None
    assert delivery.status == "queued"


def test_a_carrier_that_does_not_answer_the_door_is_replaced_by_the_second(both: Both) -> None:
    both.carriers[0].stop()
    assert isinstance(both.gateway.send(TEXT), Accepted)
    assert both.taken() == [0, 1]


@pytest.mark.parametrize("fault", [*TAKEN, "unavailable", "drop_before"])
def test_what_the_first_carrier_may_have_taken_is_never_offered_to_the_second(both: Both, fault: str) -> None:
    both.fault(fault, seconds=1)
    assert isinstance(both.gateway.send(TEXT), Unknown)
    assert both.taken() == [1 if fault in TAKEN else 0, 0]


@pytest.mark.parametrize("code", [21610, 21211, 21617])
def test_a_text_that_is_refused_for_its_own_sake_is_not_offered_elsewhere(both: Both, code: int) -> None:
    both.fault("reject", code=code)
    outcome = both.gateway.send(TEXT)
    assert isinstance(outcome, Rejected)
    assert outcome.code == code
    assert both.taken() == [0, 0]


def test_where_neither_takes_a_text_the_first_ones_word_counts(both: Both) -> None:
    both.fault("throttle", seconds=7)
    both.carriers[1].stop()
    assert both.gateway.send(TEXT) == Throttled(7, 20429)
    both.carriers[0].faults.clear()


def test_an_unknown_end_at_the_second_is_unknown(both: Both) -> None:
    both.fault("throttle")
    both.fault("reset_after_accept", place=1)
    assert isinstance(both.gateway.send(TEXT), Unknown)
    assert both.taken() == [0, 1]
    assert both.gateway.find(TEXT.to, TEXT.body, LONG_AGO) is not None


def test_nobody_has_a_text_only_where_both_of_them_say_so(both: Both) -> None:
    assert both.gateway.find(TEXT.to, TEXT.body, LONG_AGO) is None
    both.carriers[1].stop()
    with pytest.raises(CarrierUnreachable):
        both.gateway.find(TEXT.to, TEXT.body, LONG_AGO)


def test_texts_that_arrived_or_left_are_listed_from_both(both: Both) -> None:
    for place, carrier in enumerate(both.carriers):
        carrier.delivery.receive("+15555550123", "+15555550100", f"answer {place}")
    assert {text.body for text in both.gateway.list_inbound("+15555550100", LONG_AGO)} == {"answer 0", "answer 1"}
    until = datetime.now(UTC) + timedelta(days=1)
    assert list(both.gateway.list_outbound("+15555550100", LONG_AGO, until)) == []


def test_the_second_carrier_is_used_where_the_settings_name_one() -> None:
    named = Settings(
        env="test", second_carrier_account_sid=SECOND[0], second_carrier_auth_token=SECOND[1],
        second_carrier_api_base="https://carrier.example", twilio_account_sid=FIRST[0], twilio_auth_tokens=(FIRST[1],),
    )  # fmt: skip
    assert isinstance(Wiring(named).gateway, TwoCarriers)
    assert isinstance(Wiring(Settings(env="test", twilio_account_sid=FIRST[0])).gateway, TwilioGateway)
    assert [named.tokens_of(sid) for sid in (FIRST[0], SECOND[0], "", "AC" + "3" * 32)] == [
        (FIRST[1],), (SECOND[1],), (), (),
    ]  # fmt: skip


def test_a_second_carrier_that_is_only_half_named_starts_nothing() -> None:
    half = Settings(second_carrier_account_sid=SECOND[0])
    assert any("SECOND_CARRIER_AUTH_TOKEN" in reason for reason in half.refusals())

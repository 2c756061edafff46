"""The response clock: what counts as a call, what ends it, and how the waits are summed up."""

from datetime import UTC, datetime, timedelta

from recovery_api.domain.response_clock import Response, Told, responses, summarize
from recovery_api.domain.tiers import Tier

BEGAN = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def told(*kinds: tuple[str, float]) -> list[tuple[Tier, float, bool]]:
    events = [Told(kind.rstrip("!"), at(minute), called=kind.endswith("!")) for kind, minute in kinds]
    return [(one.tier, one.minutes(at(100)), one.answered_at is not None) for one in responses(events, Tier.URGENT)]


def test_a_call_runs_from_the_opening_to_a_person() -> None:
    assert told(("opened", 0), ("paged", 0), ("repeated", 3), ("acknowledged", 7)) == [(Tier.URGENT, 7, True)]
    assert told(("opened", 0), ("resolved", 9)) == [(Tier.URGENT, 9, True)]
    assert told(("opened", 0)) == [(Tier.URGENT, 100, False)]


def test_a_rise_counts_under_its_own_tier_and_hides_no_wait_before_it() -> None:
    events = [Told("opened", at(0), Tier.TODAY), Told("raised", at(20), Tier.EMERGENCY), Told("acknowledged", at(26))]
    assert responses(events, Tier.EMERGENCY) == [
        Response(Tier.TODAY, at(0), at(26)), Response(Tier.EMERGENCY, at(20), at(26)),
    ]  # fmt: skip
    assert told(("opened", 0), ("raised", 90), ("acknowledged", 95)) == [(Tier.URGENT, 95, True)], "two points more"


def test_a_flag_that_comes_back_calls_again() -> None:
    assert told(("opened", 0), ("acknowledged", 5), ("could_not_reach", 9), ("acknowledged", 29)) == [
        (Tier.URGENT, 5, True), (Tier.URGENT, 20, True),
    ]  # fmt: skip
    assert told(("opened", 0), ("acknowledged", 5), ("repeated!", 50)) == [
        (Tier.URGENT, 5, True), (Tier.URGENT, 50, False),
    ]  # fmt: skip
    assert told(("opened", 0), ("snoozed", 5), ("woken", 60), ("acknowledged", 61)) == [
        (Tier.URGENT, 5, True), (Tier.URGENT, 1, True),
    ]  # fmt: skip
    assert told(("opened", 0), ("could_not_reach", 9), ("acknowledged", 29)) == [
        (Tier.URGENT, 9, True), (Tier.URGENT, 20, True),
    ]  # fmt: skip


def in_15_minutes(call: Response) -> datetime:
    return call.called_at + timedelta(minutes=15)


def test_the_summary_counts_those_in_time_and_lets_an_open_call_count_with_its_wait() -> None:
    found = [Response(Tier.EMERGENCY, at(0), at(minute)) for minute in (3, 5, 10, 20)]
    found.append(Response(Tier.EMERGENCY, at(40), None))
    one = summarize(Tier.EMERGENCY, found, in_15_minutes, at(100))
    assert (one.calls, one.answered, one.in_time) == (5, 4, 3)
    assert (one.median_minutes, one.ninety_percent_minutes, one.longest_minutes) == (10, 60, 60)
    assert summarize(Tier.TODAY, found, in_15_minutes, at(100)).median_minutes is None

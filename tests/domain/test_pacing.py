"""One number's pace: segments are counted, alerts never wait, and a carrier that is away is probed, not hammered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.pacing import TRIP_AFTER, Bucket, Circuit, Pace, back_off, failed, full_again, probed, take

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SLOW = Pace.of(1.0)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@given(st.lists(st.tuples(st.integers(1, 4), st.floats(0, 5), st.sampled_from(["alert", "bulk"])), max_size=60))
def test_bulk_never_exceeds_burst_and_pace_whatever_the_alerts_do(texts) -> None:
    bucket, elapsed, sent = Bucket(SLOW.burst, NOW), 0.0, 0
    for segments, pause, lane in texts:
        elapsed += pause
        left = take(bucket, segments, SLOW, lane, after(elapsed))
        if left is None:
            assert lane == "bulk"
            continue
        sent += segments if lane == "bulk" else 0
        bucket = left
        assert sent <= SLOW.burst + elapsed * SLOW.segments_per_second + 1e-6


@given(st.floats(-60, 10), st.integers(1, 10))
def test_a_bulk_text_may_go_exactly_when_it_was_told_to_come_again(tokens, segments) -> None:
    bucket = Bucket(tokens, NOW)
    ready = full_again(bucket, segments, SLOW)
    assert take(bucket, segments, SLOW, "bulk", ready + timedelta(milliseconds=1)) is not None
    if ready > NOW + timedelta(milliseconds=1):
        assert take(bucket, segments, SLOW, "bulk", ready - timedelta(milliseconds=1)) is None


def test_a_text_of_more_segments_than_the_burst_goes_when_the_bucket_is_full() -> None:
    assert take(Bucket(10.0, NOW), 12, SLOW, "bulk", NOW) is not None
    assert take(Bucket(9.0, NOW), 12, SLOW, "bulk", NOW) is None


def test_an_alert_never_waits_and_its_debt_is_bounded() -> None:
    bucket = Bucket(0.0, NOW)
    for _ in range(200):
        bucket = take(bucket, 2, SLOW, "alert", NOW)
    assert bucket.tokens == -60
    assert full_again(bucket, 1, SLOW) == after(61)


def test_a_clock_that_goes_back_fills_no_bucket() -> None:
    assert take(Bucket(0.5, NOW), 1, SLOW, "bulk", after(-3600)) is None


def opened() -> Circuit:
    circuit = Circuit()
    for _ in range(TRIP_AFTER):
        circuit = failed(circuit, NOW)
    return circuit


def test_a_circuit_opens_on_the_fifth_failure_in_a_row_and_at_once_for_a_refusal_of_the_number() -> None:
    assert failed(Circuit(TRIP_AFTER - 2), NOW).state(NOW) == "closed"
    assert opened().state(NOW) == "open"
    assert failed(Circuit(), NOW, for_good=True).state(NOW) == "open"


def test_alerts_probe_an_open_circuit_before_reminders_do() -> None:
    circuit = opened()
    assert probed(circuit, "alert", after(4)) is None
    assert probed(circuit, "bulk", after(29)) is None
    assert circuit.state(after(5)) == "half_open"
    taken = probed(circuit, "alert", after(5))
    assert taken.state(after(5)) == "open"
    assert probed(taken, "alert", after(9)) is None
    assert probed(taken, "alert", after(10)) is not None


def test_reminders_probe_ever_more_seldom_but_every_five_minutes_at_least() -> None:
    circuit, waits = opened(), []
    for _ in range(6):
        waits.append((circuit.bulk_probe_at - NOW).total_seconds())
        circuit = failed(circuit, NOW)
    assert waits == [30, 60, 120, 240, 300, 300]
    assert circuit.opened_at == NOW


def test_a_closed_circuit_lets_everything_through_unchanged() -> None:
    circuit = Circuit(TRIP_AFTER - 1)
    assert probed(circuit, "bulk", NOW) == circuit == replace(circuit)


@given(st.binary(min_size=16, max_size=16), st.integers(0, 40), st.sampled_from(["alert", "bulk"]))
def test_a_wait_is_the_same_whenever_it_is_worked_out_and_within_its_bounds(message, attempts, lane) -> None:
    wait = back_off(message, attempts, lane)
    assert wait == back_off(message, attempts, lane)
    assert 0.5 <= wait <= (15 if lane == "alert" else 300)


@pytest.mark.parametrize(("attempts", "longest"), [(1, 1), (4, 15), (8, 300), (30, 300)])
def test_waits_grow_and_neighbours_do_not_come_back_together(attempts: int, longest: int) -> None:
    waits = [back_off(number.to_bytes(16, "big"), attempts, "bulk") for number in range(400)]
    assert longest / 2 <= min(waits) < 0.55 * longest
    assert 0.95 * longest < max(waits) <= longest
    assert len({round(wait, 6) for wait in waits}) > 390

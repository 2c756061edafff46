"""Codes have a kind, and delivery statuses end alike in whatever order they arrive."""

import json
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.delivery import FINAL_STATUSES, FailureKind, advance, kind_of
from recovery_api.domain.errors import PackError
from recovery_api.packs.carrier_codes import carrier_codes, code_table

SEQUENCES = json.loads((Path(__file__).parents[1] / "data/twilio/status_sequences.json").read_text())
STATUSES = list(SEQUENCES["rank"])


def follow(events, status="accepted"):
    """The status at the end, whether a conflict was met, and how often an ending was reached."""
    conflict, endings = False, 0
    for event in events:
        step = advance(status, event)
        status, conflict = step.status, conflict or step.conflict
        endings += step.changed and status in FINAL_STATUSES
    return status, conflict, endings


@pytest.mark.parametrize("sequence", SEQUENCES["sequences"], ids=lambda sequence: sequence["name"])
def test_every_known_sequence_ends_as_it_should(sequence):
    reports = [event.partition(":") for event in sequence["events"]]
    first = "unknown" if sequence.get("create") == "ReadTimeout" else "accepted"
    final, conflict, endings = follow([status for status, _, _ in reports], first)
    assert final == sequence["final"]
    assert conflict == sequence.get("conflict", False)
    assert endings == sequence.get("side_effects", endings)
    if "class" in sequence:
        assert kind_of(int(reports[-1][2]), carrier_codes()) == sequence["class"]


@pytest.mark.parametrize(
    ("six", "final"),
    [
        (("queued", "sending", "sent", "delivered", "undelivered", "failed"), "delivered"),
        (("accepted", "queued", "sending", "sent", "delivered", "read"), "read"),
        (("scheduled", "accepted", "queued", "sent", "undelivered", "failed"), "undelivered"),
    ],
)
def test_all_720_orders_of_six_reports_end_alike(six, final):
    assert {follow(order, "planned")[0] for order in permutations(six)} == {final}


@given(
    st.lists(st.sampled_from(STATUSES), min_size=1, max_size=8).flatmap(
        lambda row: st.tuples(st.just(row), st.permutations(row))
    )
)
def test_any_order_of_any_reports_ends_alike_with_the_same_doubt(both):
    one, other = both
    assert follow(one, "planned")[:2] == follow(other, "planned")[:2]


@given(st.sampled_from(STATUSES), st.text() | st.sampled_from(STATUSES))
def test_a_report_never_moves_a_text_back_and_never_fails(status, event):
    step = advance(status, event)
    assert step.changed == (step.status != status)
    assert SEQUENCES["rank"][step.status] >= SEQUENCES["rank"][status]
    assert not advance(step.status, event).changed


def test_the_order_agrees_with_the_published_ranks():
    for low in STATUSES:
        for high in STATUSES:
            if SEQUENCES["rank"][low] < SEQUENCES["rank"][high]:
                assert advance(low, high).status == high
                assert advance(high, low).status == high


@pytest.mark.parametrize("ours", ["planned", "unknown", "throttled", "rejected", "expired", ""])
def test_a_state_of_our_own_gives_way_to_any_report(ours):
    assert advance(ours, "queued") == ("queued", True, False)


def test_a_receipt_after_a_failure_wins_and_is_noted_as_a_conflict():
    assert advance("undelivered", "delivered") == ("delivered", True, True)
    assert advance("delivered", "undelivered") == ("delivered", False, True)
    assert advance("delivered", "read") == ("read", True, False)


@pytest.mark.parametrize(
    ("code", "where", "kind"),
    [
        (20429, "api", "retry_safe"),
        (20003, "api", "sender_config"),
        (20500, "api", "unknown_outcome"),
        (21211, "api", "recipient_permanent"),
        (21408, "api", "sender_config"),
        (21610, "api", "opted_out"),
        (21610, "delivery", "opted_out"),
        (21611, "api", "limit"),
        (30003, "delivery", "recipient_transient"),
        (30005, "delivery", "recipient_permanent"),
        (30006, "delivery", "recipient_permanent"),
        (30007, "delivery", "content"),
        (30034, "delivery", "sender_config"),
        (30036, "delivery", "expired"),
        (30610, "delivery", "quiet_hours"),
        (401, "api", "sender_config"),
        (404, "api", "sender_config"),
        (408, "api", "unknown_outcome"),
        (502, "api", "unknown_outcome"),
        (400, "api", "request_bug"),
        (29999, "api", "request_bug"),
        (39999, "delivery", "recipient_transient"),
        (None, "delivery", "recipient_transient"),
        (None, "api", "request_bug"),
    ],
)
def test_codes_have_the_kind_that_says_what_to_do(code, where, kind):
    assert kind_of(code, carrier_codes(), where) == kind


@given(st.integers() | st.none(), st.sampled_from(["api", "delivery"]))
def test_no_code_is_without_a_kind(code, where):
    assert kind_of(code, carrier_codes(), where) in FailureKind


def test_a_pack_with_a_kind_that_nobody_knows_is_refused():
    defaults = {"api": "request_bug", "server_error": "unknown_outcome", "delivery": "recipient_transient"}
    with pytest.raises(PackError, match="shrug"):
        code_table({"version": "1", "defaults": defaults, "codes": {"1": {"kind": "shrug"}}})
    with pytest.raises(PackError, match="missing"):
        code_table({"version": "1", "codes": {}})


def test_every_kind_says_what_to_do():
    pack = json.loads((Path(code_table.__code__.co_filename).parent / "error_codes.json").read_text())
    assert set(pack["kinds"]) == set(FailureKind)

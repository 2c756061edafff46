"""What rules ask of a clinic: grouped flags, rates, hours, and what became of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.alert_load import Alert, compare, group, load_of, usefulness
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier


def alert(day: int, rule: str = "PW-01", tier: Tier = Tier.TODAY, family: str = "worsening", who: str = "1") -> Alert:
    return Alert(who, day, Finding(rule, "1", family, tier, "reason", 60, {}))


def test_the_same_family_within_a_week_is_one_flag():
    assert [one.day for one in group([alert(3), alert(5), alert(9), alert(10), alert(30)])] == [3, 10, 30]
    assert len(group([alert(3), alert(3, family="silence"), alert(3, who="2")])) == 3


def test_a_more_urgent_tier_calls_again():
    worse = alert(4, "PW-03", Tier.URGENT)
    assert group([alert(3), worse, alert(5)]) == [alert(3), worse]


def test_rates_and_hours():
    load = load_of([alert(3), alert(4), alert(3, "PW-05", Tier.REVIEW, "non_recovery")], 200)
    assert [(one.rule, one.alerts, one.flags) for one in load.rules] == [("PW-01", 2, 1), ("PW-05", 1, 1)]
    assert load.per_100_days() == 1.0
    assert load.per_100_days((Tier.TODAY,)) == 0.5
    assert load.nursing_hours == pytest.approx(17 / 60)
    assert load_of([], 0).per_100_days() == 0.0


def test_usefulness_is_the_share_of_resolved_flags_that_were_acted_on():
    found = usefulness([("A", "imaging"), ("A", "false_alarm"), ("A", None), ("B", None)])
    assert [(one.rule, one.flags, one.resolved, one.acted_on, one.false_alarms) for one in found] == [
        ("A", 3, 2, 1, 1),
        ("B", 1, 0, 0, 0),
    ]
    assert [one.share_acted_on for one in found] == [0.5, None]


ALERTS = st.lists(
    st.builds(alert, st.integers(0, 60), st.sampled_from(["PW-01", "PW-03"]), st.sampled_from(Tier)), max_size=20
)


@given(ALERTS, ALERTS)
def test_what_one_pack_adds_the_other_removes(now, then):
    there, back = compare(now, then), compare(then, now)
    assert (there.added, there.removed) == (back.removed, back.added)
    assert compare(now, now).added == ()


@given(ALERTS)
def test_no_grouping_hides_a_more_urgent_tier(alerts):
    shown = group(alerts)
    for one in alerts:
        assert any(
            kept.day <= one.day < kept.day + 7 and kept.finding.tier.rank <= one.finding.tier.rank for kept in shown
        )

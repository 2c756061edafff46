"""Urgent findings do not wait for Monday; the review list does."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from recovery_api.domain.response_time import respond_by
from recovery_api.domain.tiers import Tier

NEW_YORK = ZoneInfo("America/New_York")
FRIDAY_EVENING = datetime(2026, 3, 6, 22, tzinfo=UTC)  # 17:00 in New York, two days before clocks change


@pytest.mark.parametrize(("tier", "minutes"), [(Tier.EMERGENCY, 15), (Tier.URGENT, 120), (Tier.TODAY, 1440)])
def test_emergency_urgent_and_today_count_every_hour(tier, minutes):
    assert respond_by(tier, minutes, FRIDAY_EVENING, NEW_YORK) == FRIDAY_EVENING + timedelta(minutes=minutes)


@pytest.mark.parametrize("weekend_days", [0, 1, 2])
def test_review_counts_three_working_days_at_the_same_hour(weekend_days):
    raised_at = FRIDAY_EVENING + timedelta(days=weekend_days)
    due = respond_by(Tier.REVIEW, 4320, raised_at, NEW_YORK).astimezone(NEW_YORK)
    assert (due.strftime("%A"), due.day) == ("Wednesday", 11)
    assert due.hour == raised_at.astimezone(NEW_YORK).hour


def test_review_may_be_given_less_than_a_day():
    assert respond_by(Tier.REVIEW, 90, FRIDAY_EVENING, NEW_YORK) == FRIDAY_EVENING + timedelta(minutes=90)

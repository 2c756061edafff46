"""Reading a ladder from data: every tier, in minutes, with the last resort at its end, or an error that says where."""

from datetime import time

from recovery_api.domain.ladder import AUDIENCES, CHANNELS, NEVER_WAITS, Ladder, Rung, TierLadder
from recovery_api.domain.pack_section import Section
from recovery_api.domain.tiers import Tier

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_MINUTES = 14 * 24 * 60
# An emergency must be acknowledged within 15 minutes, and the next contacts come at 15 and 30 (shipped protocol): a
# clinic may tell people sooner than this, never later.
LATEST_SECOND_RUNG = {Tier.EMERGENCY: 15, Tier.URGENT: 60}
LATEST_LAST_RUNG = {Tier.EMERGENCY: 60, Tier.URGENT: 240}
LONGEST_REPEAT = {Tier.EMERGENCY: 30, Tier.URGENT: 120}


def read_ladder(content: object, file: str) -> Ladder:
    """The ladder in a parsed file. Raises PackError naming the file, the tier and the reason."""
    whole = Section(file, "ladder", content)
    name, version, source = whole.text("ladder"), whole.text("version"), whole.text("source")
    hours, tiers = whole.part("working_hours"), whole.part("tiers")
    whole.close()
    opens, closes, weekdays = _hours(hours)
    read = {tier: _tier(tier, tiers.part(tier.value)) for tier in Tier}
    tiers.close()
    return Ladder(name, version, source, read, opens, closes, weekdays)


def _hours(section: Section) -> tuple[time, time, frozenset[int]]:
    opens, closes = read_time(section, "opens"), read_time(section, "closes")
    days = section.items("days")
    section.close()
    if opens >= closes:
        raise section.error("closes must come after opens")
    if unknown := [day for day in days if day not in WEEKDAYS]:
        raise section.error(f"days holds {unknown[0]!r}; write mon, tue, wed, thu, fri, sat or sun")
    return opens, closes, frozenset(WEEKDAYS.index(day) for day in days)


def read_time(section: Section, key: str) -> time:
    """A local time such as "08:00". Raises PackError."""
    text = section.text(key)
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise section.error(f'{key} must be a time such as "08:00"') from None


def _tier(tier: Tier, section: Section) -> TierLadder:
    repeat = section.whole("repeat_minutes", 5, LONGEST_REPEAT.get(tier, 7 * 24 * 60))
    places = enumerate(section.items("rungs"), start=1)
    rungs = tuple(_rung(Section(section.file, f"{section.where}, rung {n}", item)) for n, item in places)
    section.close()
    times = [rung.after_minutes for rung in rungs]
    if times != sorted(set(times)):
        raise section.error("each rung must come later than the one before it")
    if rungs[-1].tell not in ("everyone", "last_resort"):
        raise section.error("the last rung must tell everyone or the last resort")
    if tier in NEVER_WAITS:
        _check_grave(tier, section, rungs)
    return TierLadder(rungs, repeat)


def _check_grave(tier: Tier, section: Section, rungs: tuple[Rung, ...]) -> None:
    times = [rung.after_minutes for rung in rungs]
    if "sms" not in rungs[0].by:
        raise section.error("the first rung must tell by sms, the channel that leaves with the flag itself")
    if times[0] != 0:
        raise section.error("the first rung must come at once, after 0 minutes")
    if len(times) < 2 or times[1] > LATEST_SECOND_RUNG[tier]:
        raise section.error(f"a second rung must come within {LATEST_SECOND_RUNG[tier]} minutes")
    if times[-1] > LATEST_LAST_RUNG[tier]:
        raise section.error(f"the last rung must come within {LATEST_LAST_RUNG[tier]} minutes")


def _rung(section: Section) -> Rung:
    after = section.whole("after", 0, LONGEST_MINUTES)
    tell = section.choice("tell", AUDIENCES)
    by = tuple(str(channel) for channel in section.items("by"))
    section.close()
    if unknown := sorted(set(by) - set(CHANNELS)):
        raise section.error(f"does not know the channel {', '.join(unknown)}")
    return Rung(after, tell, by)

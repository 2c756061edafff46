"""How tiers, times, durations and statuses are said on the clinicians' pages."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from enum import StrEnum
from functools import cache

from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.tongue import ngettext
from recovery_api.domain.tiers import Tier


def N_(said: str) -> str:
    """A word that is translated where it is shown."""
    return said


class Group(StrEnum):
    """A group of the worklist, in its order: the tiers, with silence as a group of its own."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    TODAY = "today"
    SILENT = "silent"
    REVIEW = "review"

    @property
    def word(self) -> str:
        """The word of its badge."""
        return _(_GROUP_WORDS[self.value])


_GROUP_WORDS = {
    "emergency": N_("Emergency"),
    "urgent": N_("Urgent"),
    "today": N_("Today"),
    "silent": N_("Silent"),
    "review": N_("Review"),
}


@cache
def group_of(tier: Tier, family: str) -> Group:
    """Silence has its own group, unless it has become as urgent as a symptom."""
    if family == "silence" and tier in (Tier.TODAY, Tier.REVIEW):
        return Group.SILENT
    return Group(tier.value)


ACTIVITY = {
    "in_bed": N_("In bed"),
    "mostly_resting": N_("Mostly resting"),
    "short_walks": N_("Short walks"),
    "light_chores": N_("Light chores"),
    "usual_day": N_("Usual day"),
}
ACTIVITY_RANK = {level: rank for rank, level in enumerate(ACTIVITY)}
LANGUAGES = {"en": N_("English"), "es": N_("Spanish")}
SEXES = {"F": N_("Female"), "M": N_("Male"), "X": N_("Other")}

_COUNTED: Mapping[Group, Callable[[int], str]] = {
    Group.EMERGENCY: lambda number: ngettext("1 emergency", "%(num)s emergencies", number),
    Group.URGENT: lambda number: ngettext("1 urgent", "%(num)s urgent", number),
    Group.TODAY: lambda number: ngettext("1 for today", "%(num)s for today", number),
    Group.SILENT: lambda number: ngettext("1 silent", "%(num)s silent", number),
    Group.REVIEW: lambda number: ngettext("1 to review", "%(num)s to review", number),
}
_PLAN = {
    "check_in": N_("Pain question"),
    "rest": N_("Advice on rest"),
    "posture": N_("Advice on posture"),
    "activity": N_("Advice on activity"),
    "medication": N_("Advice on medicines"),
    "follow_up_visit": N_("Reminder of the visit"),
    "preparation": N_("Preparation"),
    "questionnaire": N_("Questionnaire"),
    "nudge": N_("The question once more"),
}
_STATES = {
    "invited": N_("was asked to join, has not yet"),
    "active": N_("takes texts"),
    "opted_out": N_("opted out of texts: call instead"),
    "unusable": N_("takes no texts: landline or unreachable"),
    "wrong_person": N_("belongs to somebody else"),
    "hospital": N_("in hospital"),
    "away": N_("away"),
    "other": N_("another reason"),
    "planned": N_("planned"),
    "on_hold": N_("on hold"),
    "ended": N_("ended"),
}
_VISITS = {
    "booked": N_("booked"),
    "confirmed": N_("confirmed"),
    "change_asked": N_("asks for another time"),
    "cancelled": N_("called off"),
    "kept": N_("kept"),
    "missed": N_("missed"),
}
_PURPOSES = {
    "care_texts": N_("texts about the recovery"),
    "all_texts": N_("all texts"),
    "research": N_("use for research"),
}
_CHANNELS = {
    "sms": N_("text"),
    "voice": N_("call"),
    "app": N_("app"),
    "email": N_("e-mail"),
    "web": N_("web page"),
    "staff": N_("taken by phone"),
}


def plan_word(kind: str) -> str:
    """What a reminder is about."""
    return _(_PLAN.get(kind, kind.replace("_", " ").capitalize()))


def reason_word(state: str) -> str:
    """The state of a phone or a recovery, or why one is held."""
    return _(_STATES.get(state, state.replace("_", " ")))


def visit_word() -> str:
    """What an appointment is called."""
    return _("Follow-up visit")


def visit_state(status: str) -> str:
    """How an appointment stands."""
    return _(_VISITS.get(status, status.replace("_", " ")))


def channel_word(channel: str) -> str:
    """How something came or went."""
    return _(_CHANNELS.get(channel, channel))


def consent_words(purpose: str, channel: str, granted: bool) -> str:
    """One line of the ledger of consent."""
    what = _(_PURPOSES.get(purpose, purpose.replace("_", " ")))
    template = _("agreed to %(what)s (%(by)s)") if granted else _("refused %(what)s (%(by)s)")
    return template % {"what": what, "by": channel_word(channel)}


def activity_word(level: str) -> str:
    """What the patient did that day."""
    return _(ACTIVITY[level]) if level in ACTIVITY else ""


def language_word(code: str) -> str:
    """A language by its code."""
    return _(LANGUAGES.get(code, code))


def sex_word(code: str) -> str:
    """The sex in full."""
    return _(SEXES.get(code, code)) if code else ""


def counted_groups(counts: Mapping[str, int]) -> str:
    """The groups that have somebody in them, most urgent first: "2 urgent, 5 for today"."""
    return ", ".join(_COUNTED[group](counts[group]) for group in Group if counts.get(group))


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 patient", "3 patients"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def duration(minutes: float) -> str:
    """A stretch of time in the two largest units that matter: "39 min", "1 h 28", "1 d 1 h"."""
    whole = max(0, int(minutes))
    hours, rest = divmod(whole, 60)
    days, rest_hours = divmod(hours, 24)
    if days:
        return f"{days} d {rest_hours} h"
    return f"{hours} h {rest:02}" if hours else f"{rest} min"


def span(minutes: float) -> str:
    """A stretch that somebody set, without an empty smaller unit: "15 min", "2 h", "3 d"."""
    return duration(minutes).removesuffix(" 00").removesuffix(" 0 h")


def day_of(on: date) -> str:
    """A calendar day that cannot be misread across the ocean: "12-Mar-1948"."""
    return f"{on.day:02}-{_(_MONTHS[on.month - 1])}-{on.year}"


def short_day_of(on: date) -> str:
    """A day under a chart, where the year stands elsewhere: "25 Oct"."""
    return f"{on.day} {_(_MONTHS[on.month - 1])}"


def clock_of(at: datetime, zone: tzinfo) -> str:
    """The wall clock of an instant: "07:42"."""
    return f"{at.astimezone(zone):%H:%M}"


def moment_of(at: datetime, zone: tzinfo, now: datetime) -> str:
    """An instant as short as it stays clear: "07:42" today, "Sat 21 Nov 18:00", or with its year."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if abs((today.date() - local.date()).days) < 180:
        return f"{_(_DAYS[local.weekday()])} {local.day} {_(_MONTHS[local.month - 1])} {local:%H:%M}"
    return dated_of(at, zone)


def dated_of(at: datetime, zone: tzinfo) -> str:
    """An instant with its whole day, for paper that is read on another: "23-Nov-2026 07:42"."""
    local = at.astimezone(zone)
    return f"{day_of(local.date())} {local:%H:%M}"


def phone_of(number: str) -> str:
    """A North American number with room between its parts; any other as it is."""
    if len(number) == 12 and number.startswith("+1") and number[2:].isdigit():
        return f"+1 {number[2:5]} {number[5:8]} {number[8:]}"
    return number


def age_on(born: date, on: date) -> int:
    """Whole years of age on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


_MONTHS = (
    N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun"), N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"),
    N_("Nov"), N_("Dec"),
)  # fmt: skip
_DAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))

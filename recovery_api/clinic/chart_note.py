"""The paragraph that a clinician pastes into the patient's chart: what was reported, who answered, what came of it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from recovery_api.clinic import words
from recovery_api.clinic.frame import Frame
from recovery_api.clinic.retold import retold
from recovery_api.clinic.shown import waiting_of
from recovery_api.clinic.story import outcome_word, told_deed
from recovery_api.clinic.tongue import gettext as _
from recovery_api.services.patient_facts import PatientFacts
from recovery_api.services.read_answers import Answer
from recovery_api.services.read_deeds import PatientDeed
from recovery_api.services.read_flags import FlagEventFacts, FlagFacts
from recovery_api.services.read_patient import PatientStory

_ANSWERS = 5


def chart_note(frame: Frame, flag: FlagFacts, story: PatientStory, deeds: Iterable[PatientDeed]) -> str:
    """A flag that was resolved, as one paragraph in plain text."""
    mine = [event for event in story.events if event.flag_id == flag.id]
    parts = [_who(frame, story.patient, story.today), _why(frame, flag)]
    parts += [_taken(frame, flag, mine), _pain(story.patient, story.answers)]
    parts += _calls(frame, flag, deeds)
    parts += _closing(frame, flag, mine)
    return " ".join(part for part in parts if part)


def _who(frame: Frame, patient: PatientFacts, today: int) -> str:
    record = _(", record %(number)s", number=patient.record_number) if patient.record_number else ""
    born = words.day_of(patient.born_on)
    name = f"{patient.family_name.upper()}, {patient.given_name}"
    levels, day = ", ".join(patient.levels), words.day_of(patient.performed_on) if patient.performed_on else ""
    return _(
        "%(date)s. %(name)s, born %(born)s%(record)s. Day %(today)s after vertebroplasty %(levels)s (%(day)s).",
        date=words.day_of(frame.local_day), name=name, born=born, record=record, today=today, levels=levels, day=day,
    )  # fmt: skip


def _why(frame: Frame, flag: FlagFacts) -> str:
    tier = words.group_of(flag.tier, flag.family).word
    said = _("%(tier)s flag at %(at)s: %(why)s.", tier=tier, at=_moment(frame, flag.opened_at), why=retold(flag.reason))
    return said + (" " + _("The patient wrote: “%(quote)s”.", quote=flag.quote) if flag.quote else "")


def _taken(frame: Frame, flag: FlagFacts, events: Sequence[FlagEventFacts]) -> str:
    taken = [event for event in events if event.kind in ("acknowledged", "assigned")]
    if not taken:
        return ""
    first, target = taken[0], waiting_of(flag, frame.now).target
    waited = words.duration((first.at - flag.opened_at).total_seconds() / 60)
    return _(
        "Acknowledged by %(who)s at %(at)s, after %(waited)s (target %(target)s).",
        who=first.by, at=_moment(frame, first.at), waited=waited, target=target,
    )  # fmt: skip


def _pain(patient: PatientFacts, answers: Sequence[Answer]) -> str:
    last = [f"{one.pain} ({_('day %(day)s', day=one.day)})" for one in answers if one.pain is not None][-_ANSWERS:]
    if not last:
        return _("No pain score was given.")
    baseline = patient.baseline_pain
    before = _("%(pain)s before the procedure, then ", pain=baseline) if baseline is not None else ""
    return _("Pain 0 to 10: %(before)s%(last)s.", before=before, last=", ".join(last))


def _calls(frame: Frame, flag: FlagFacts, deeds: Iterable[PatientDeed]) -> Iterator[str]:
    for deed in sorted(deeds, key=lambda one: one.at):
        if deed.action == "patient.called" and deed.at >= flag.opened_at:
            yield f"{_moment(frame, deed.at)}: {told_deed(deed)}."


def _closing(frame: Frame, flag: FlagFacts, events: Sequence[FlagEventFacts]) -> Iterator[str]:
    closing = next((event for event in reversed(events) if event.kind == "resolved"), None)
    if closing is None:
        return
    note = (closing.note or "").strip()
    yield _("Outcome: %(outcome)s.", outcome=outcome_word(flag.outcome))
    yield note if note.endswith((".", "!", "?")) else f"{note}."
    yield _("Closed by %(who)s, %(at)s.", who=closing.by, at=_moment(frame, closing.at, always_day=True))


def _moment(frame: Frame, at: datetime, always_day: bool = False) -> str:
    local = at.astimezone(frame.zone)
    day = local.date()
    clock = f"{local:%H:%M}"
    return clock if day == frame.local_day and not always_day else f"{words.day_of(day)} {clock}"

"""Report how many questions were answered: by day, by channel, by language and by age band."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, literal, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.age_bands import BANDS, age_band
from recovery_api.models import tables
from recovery_api.services.silence_facts import LEFT


@dataclass(frozen=True, slots=True)
class ReplyRate:
    """One group: how many pain questions left, and how many of their days have an answer, by whatever channel."""

    name: str
    asked: int
    answered: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where nothing was asked."""
        return self.answered / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class ReplyReport:
    """The rates of a stretch of local days, both ends included; synthetic patients are left out."""

    whole: ReplyRate
    by_day: Sequence[ReplyRate]
    by_channel: Sequence[ReplyRate]
    by_language: Sequence[ReplyRate]
    by_age: Sequence[ReplyRate]


def replies_asked(scope: ClinicScope, since: date, until: date) -> dict[str, Select[Any]]:
    """Whose local day lies within the stretch, once they left: questions for a statement that asks more than one."""
    asked = _asked(scope, since, until)
    return {
        "replies_by_day": _grouped(scope, asked, asked.c.local_on),
        "replies_by_channel": _grouped(scope, asked, asked.c.channel),
        "replies_by_patient": _people(scope, asked),
    }


def replies_told(scope: ClinicScope, found: Mapping[str, Sequence[AnyRow]], until: date) -> ReplyReport:
    """The report, out of rows that `replies_asked` found; ages are those of the last day."""
    channels, people = _rates(found["replies_by_channel"]), found["replies_by_patient"]
    ages = _by_age(scope, people, until)
    order = {name: place for place, (_, _, name) in enumerate(BANDS)}
    return ReplyReport(
        whole=ReplyRate("all", sum(one.asked for one in channels), sum(one.answered for one in channels)),
        by_day=_rates(found["replies_by_day"]),
        by_channel=channels,
        by_language=_summed((row.language, row.asked, row.answered) for row in people),
        by_age=sorted(ages, key=lambda one: order[one.name]),
    )


def _asked(scope: ClinicScope, since: date, until: date) -> Any:
    """One row a question that left: its episode, local day and channel, and whether that day has a score."""
    reminder, message, call, check_in = tables.reminder, tables.message, tables.phone_call, tables.check_in
    texted = exists().where(
        message.c.clinic_id == reminder.c.clinic_id,
        message.c.reminder_id == reminder.c.id,
        message.c.state.in_(LEFT),
    )
    called = exists().where(call.c.clinic_id == reminder.c.clinic_id, call.c.reminder_id == reminder.c.id)
    answered = exists().where(
        check_in.c.clinic_id == reminder.c.clinic_id,
        check_in.c.episode_id == reminder.c.episode_id,
        check_in.c.local_on == reminder.c.local_on,
        check_in.c.pain.is_not(None),
    )
    return (
        select(
            reminder.c.episode_id,
            reminder.c.local_on,
            case((texted, literal("sms")), else_=literal("voice")).label("channel"),
            case((answered, 1), else_=0).label("answered"),
        )
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.kind == "check_in",
            reminder.c.state == "handed_over",
            reminder.c.local_on.between(since, until),
            texted | called,
        )
        .cte("asked")
    )


def _grouped(scope: ClinicScope, asked: Any, by: Any) -> Select[Any]:
    episode, patient = tables.episode, tables.patient
    return (
        select(by.label("name"), func.count().label("asked"), func.sum(asked.c.answered).label("answered"))
        .join(episode, and_(episode.c.clinic_id == scope.clinic_id, episode.c.id == asked.c.episode_id))
        .join(patient, and_(patient.c.clinic_id == scope.clinic_id, patient.c.id == episode.c.patient_id))
        .where(~patient.c.is_synthetic)
        .group_by(by)
        .order_by(by)
    )


def _rates(rows: Iterable[AnyRow]) -> list[ReplyRate]:
    return [ReplyRate(str(row.name), row.asked, int(row.answered)) for row in rows]


def _people(scope: ClinicScope, asked: Any) -> Select[Any]:
    """What each patient was asked and answered."""
    episode, patient = tables.episode, tables.patient
    return (
        select(
            patient.c.id,
            patient.c.language,
            patient.c.born_on_sealed,
            func.count().label("asked"),
            func.sum(asked.c.answered).label("answered"),
        )
        .select_from(asked)
        .join(episode, and_(episode.c.clinic_id == scope.clinic_id, episode.c.id == asked.c.episode_id))
        .join(patient, and_(patient.c.clinic_id == scope.clinic_id, patient.c.id == episode.c.patient_id))
        .where(~patient.c.is_synthetic)
        .group_by(patient.c.id, patient.c.language, patient.c.born_on_sealed)
    )


def _by_age(scope: ClinicScope, people: Sequence[AnyRow], on: date) -> list[ReplyRate]:
    """Birth dates are sealed: they are opened here, counted, and forgotten."""
    found = []
    for row in people:
        born = date.fromisoformat(scope.vault.open("patient.born_on", row.id, row.born_on_sealed))
        found.append((age_band(born, on), row.asked, row.answered))
    return _summed(found)


def _summed(groups: Iterable[tuple[str, int, int]]) -> list[ReplyRate]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, asked, answered in groups:
        sums[name][0] += asked
        sums[name][1] += int(answered)
    return [ReplyRate(name, *sums[name]) for name in sorted(sums)]

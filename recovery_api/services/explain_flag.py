"""Explain a flag: the rule with its version, source and thresholds, what it saw, and who was told when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import literal, select, union_all

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.domain.recovery_band import PUBLISHED, ExpectedRange
from recovery_api.models import tables
from recovery_api.services.clinic_rules import find_rule
from recovery_api.services.read_flags import FlagEventFacts, FlagFacts, FlagQuery, read_flag_events, read_flags
from recovery_api.services.record_audit import Actor, record_audit


@dataclass(frozen=True, slots=True)
class Told:
    """One telling of a clinician: by which channel, when it was queued, and what became of it."""

    clinician_id: UUID | None
    clinician: str
    channel: str
    at: datetime
    state: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything behind a flag."""

    flag: FlagFacts
    sentence: str | None
    source: str | None
    thresholds: dict[str, Any]
    expected_band: ExpectedRange | None
    told: Sequence[Told]
    events: Sequence[FlagEventFacts]


def explain_flag(scope: ClinicScope, flag_id: UUID, viewer: Actor, now: datetime) -> Explanation:
    """Why a flag stands; the look is audited. Raises NotFound."""
    flag = read_flag(scope, flag_id)
    record_audit(scope, viewer, "flag.explained", ("flag", flag_id), now, flag.patient_id)
    says, source = _kept_words(scope, flag)
    thresholds = flag.inputs.get("thresholds")
    return Explanation(
        flag=flag,
        sentence=says,
        source=source,
        thresholds=thresholds if isinstance(thresholds, dict) else {},
        expected_band=_band(scope, flag),
        told=_told(scope, flag_id),
        events=read_flag_events(scope, [flag_id]),
    )


def _kept_words(scope: ClinicScope, flag: FlagFacts) -> tuple[str | None, str | None]:
    """What the rule said and rested on, as it was kept with the flag; of an older flag, as its version still stands."""
    if "says" in flag.inputs:
        return flag.inputs["says"], flag.inputs.get("source")
    rule = find_rule(scope, flag.rule, flag.rule_version)
    return (rule.sentence, rule.source) if rule else (None, None)


def read_flag(scope: ClinicScope, flag_id: UUID) -> FlagFacts:
    """One flag. Raises NotFound."""
    found = read_flags(scope, FlagQuery(flag_id=flag_id))
    if not found:
        raise NotFound("There is no such flag.")
    return found[0]


def _band(scope: ClinicScope, flag: FlagFacts) -> ExpectedRange | None:
    """The band on the day of the answer behind the flag: the one that its rule spoke of, else the published one.

    Day and pain before are those that the rule saw; of an older flag, those of the answer as it first came.
    """
    spoken = flag.inputs.get("expected")
    if isinstance(spoken, dict):
        low, high = spoken["band"]
        return ExpectedRange(low, high, str(spoken.get("source") or spoken["from"]), spoken.get("patients"))
    if {"day", "baseline"} <= flag.inputs.keys():
        return PUBLISHED.range_on(flag.inputs["day"], flag.inputs["baseline"])
    if flag.check_in_id is None:
        return None
    check_in, episode = tables.check_in, tables.episode
    row = scope.connection.execute(
        select(check_in.c.day, episode.c.baseline_pain)
        .join(episode, (episode.c.clinic_id == check_in.c.clinic_id) & (episode.c.id == check_in.c.episode_id))
        .where(check_in.c.clinic_id == scope.clinic_id, check_in.c.id == flag.check_in_id)
        .order_by(check_in.c.version)
        .limit(1)
    ).one()
    return PUBLISHED.range_on(row.day, row.baseline_pain)


def _told(scope: ClinicScope, flag_id: UUID) -> list[Told]:
    """Every telling of this flag by text, e-mail and voice, oldest first."""
    message, page = tables.message, tables.page
    by_text = select(
        message.c.clinician_id, literal("sms").label("channel"), message.c.created_at, message.c.state,
        message.c.settled_at,
    ).where(
        message.c.clinic_id == scope.clinic_id, message.c.flag_id == flag_id, message.c.purpose == "page"
    )  # fmt: skip
    otherwise = select(
        page.c.clinician_id, page.c.channel, page.c.created_at, page.c.state, page.c.settled_at
    ).where(page.c.clinic_id == scope.clinic_id, page.c.flag_id == flag_id)  # fmt: skip
    told, clinician = union_all(by_text, otherwise).subquery(), tables.clinician
    rows = scope.connection.execute(
        select(told, clinician.c.name_sealed)
        .outerjoin(clinician, (clinician.c.clinic_id == scope.clinic_id) & (clinician.c.id == told.c.clinician_id))
        .order_by(told.c.created_at, told.c.channel, told.c.clinician_id)
    )
    return [_telling(scope, row) for row in rows]


def _telling(scope: ClinicScope, row: AnyRow) -> Told:
    name = scope.open("clinician.name", row.clinician_id, row.name_sealed) if row.clinician_id else None
    return Told(row.clinician_id, name or "Last resort", row.channel, row.created_at, row.state, row.settled_at)

"""Why a flag stands: its evidence by name, what of it is news, and how its story tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.ladder import NEVER_WAITS
from recovery_api.domain.readings import Finding
from recovery_api.domain.response_time import ResponseTimes
from recovery_api.models import tables
from recovery_api.services.say_how_soon import waiting_since

POINTS_WORSE = 2  # so many points of pain above what people were last told of raise a flag (shipped protocol)


@dataclass(frozen=True, slots=True)
class FlagSubject:
    """What a flag is about: an episode, or a phone that nobody could be matched to; and the answer behind it."""

    episode_id: UUID | None = None
    patient_id: UUID | None = None
    phone_digest: bytes | None = None
    message_id: UUID | None = None
    check_in_id: UUID | None = None
    quote: str | None = None


def worst_pain(ranked: Sequence[Finding]) -> int | None:
    """The highest pain that these findings are about, 0 to 10."""
    scores = [finding.inputs.get("pain") for finding in ranked]
    return max((score for score in scores if isinstance(score, int)), default=None)


def is_two_points_more(known: AnyRow, ranked: Sequence[Finding]) -> bool:
    """Whether the pain lies two points above what people were last told of."""
    pain = worst_pain(ranked)
    return known.told_pain is not None and pain is not None and pain >= known.told_pain + POINTS_WORSE


def find_news(scope: ClinicScope, subject: FlagSubject, known: AnyRow, ranked: Sequence[Finding]) -> Finding | None:
    """The most urgent danger that nobody was told of, or that comes after somebody took the flag.

    So are the news of one more visit, which whoever has the task has to tell as well.
    """
    grave = [finding for finding in ranked if finding.tier in NEVER_WAITS]
    telling = grave or [finding for finding in ranked if "news" in finding.inputs]
    if not telling:
        return None
    told = _told(scope, known.id)
    unseen = next((finding for finding in telling if _name(subject, finding) not in told), None)
    return unseen or (grave[0] if grave and known.status == "acknowledged" else None)


def _told(scope: ClinicScope, flag_id: UUID) -> set[str]:
    """The names of all evidence in a flag's story so far."""
    scope.flush()
    event = tables.flag_event
    names = func.jsonb_array_elements_text(event.c.detail["evidence"])
    chosen = select(names).where(
        event.c.clinic_id == scope.clinic_id, event.c.flag_id == flag_id, event.c.detail.has_key("evidence")
    )
    return set(scope.connection.execute(chosen.distinct()).scalars())


def _name(subject: FlagSubject, finding: Finding) -> str:
    """One piece of evidence, by which a repeat of it is known: its rule, its symptoms and what its words were about.

    News is known by what it tells of.
    """
    said = finding.inputs
    words = [part for part in str(said.get("because", "")).split(". ") if not any(map(str.isdigit, part))]
    whose = "" if subject.episode_id is not None else str(subject.patient_id or "")
    symptoms = [str(said.get("symptom", "")), *sorted(map(str, said.get("symptoms", ())))]
    news = [str(said["news"])] if "news" in said else []
    return "|".join((finding.rule, finding.tier, whose, *symptoms, *words, *news))


def named_by(subject: FlagSubject, known: AnyRow) -> dict[str, Any]:
    """Whom a phone's flag names: nobody for certain, where it has told of two people."""
    if subject.episode_id is not None or subject.patient_id == known.patient_id:
        return {}
    return {"patient_id": subject.patient_id if known.patient_id is None else None}


def evidence_of(
    scope: ClinicScope, flag_id: UUID, subject: FlagSubject, finding: Finding, times: ResponseTimes, now: datetime
) -> dict[str, Any]:
    """The columns of a flag that say why it stands, and until when somebody should have it."""
    return {
        "tier": finding.tier,
        "rule": finding.rule,
        "rule_version": finding.rule_version,
        "reason": finding.reason,
        "inputs": finding.inputs,
        "quote_sealed": scope.seal("flag.quote", flag_id, subject.quote),
        "message_id": subject.message_id,
        "check_in_id": subject.check_in_id,
        "last_at": now,
        "respond_by": times.respond_by(finding.tier, finding.respond_minutes, waiting_since(finding, now)),
    }


def story_of(subject: FlagSubject, finding: Finding, new: Sequence[Finding]) -> dict[str, Any]:
    """The detail of a flag's event; `new` are the findings of which it tells for the first time."""
    names = sorted({_name(subject, one) for one in new})
    return ({"evidence": names} if names else {}) | {
        "rule": finding.rule,
        "version": finding.rule_version,
        "tier": finding.tier,
        "reason": finding.reason,
        "inputs": finding.inputs,
    }

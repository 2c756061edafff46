"""Turn findings into flags: one open flag an episode and family, raised when things get worse, never lowered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, text, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.ids import new_id
from recovery_api.models import tables

MOST_REPEATS = 32_767
_GRAVE = (Tier.EMERGENCY, Tier.URGENT)


@dataclass(frozen=True, slots=True)
class FlagSubject:
    """What a flag is about: an episode, or a phone that nobody could be matched to; and the answer behind it."""

    episode_id: UUID | None = None
    patient_id: UUID | None = None
    phone_digest: bytes | None = None
    message_id: UUID | None = None
    check_in_id: UUID | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class RaisedFlag:
    """A flag that a finding opened, raised or repeated; `must_page` where people must be told again."""

    id: UUID
    family: str
    tier: Tier
    must_page: bool


def raise_flags(
    scope: ClinicScope, subject: FlagSubject, findings: Sequence[Finding], now: datetime
) -> list[RaisedFlag]:
    """Store `findings` as flags in the caller's transaction, the most urgent finding of a family first."""
    if not findings:
        return []
    _take_turn(scope, subject)
    open_flags = {row.family: row for row in scope.connection.execute(_open_flags(scope, subject))}
    raised = []
    for family in dict.fromkeys(finding.family for finding in findings):
        ranked = sorted((f for f in findings if f.family == family), key=lambda f: f.tier.rank)
        known = open_flags.get(family)
        if known is None:
            raised.append(_open(scope, subject, ranked, now))
        else:
            raised.append(_repeat(scope, subject, known, ranked, now))
    return raised


_TURN = text("SELECT pg_advisory_xact_lock(:place)")


def _take_turn(scope: ClinicScope, subject: FlagSubject) -> None:
    """Wait until nobody else is about to open a flag on the same subject: no row is there yet that could be locked."""
    about = subject.episode_id.bytes[8:] if subject.episode_id is not None else subject.phone_digest or bytes(8)
    scope.connection.execute(_TURN, {"place": int.from_bytes(about[:8], "big", signed=True)})


def _open_flags(scope: ClinicScope, subject: FlagSubject) -> Any:
    flag = tables.flag
    about = (
        flag.c.episode_id == subject.episode_id
        if subject.episode_id is not None
        else (flag.c.episode_id.is_(None)) & (flag.c.phone_digest == subject.phone_digest)
    )
    return (
        select(
            flag.c.id, flag.c.family, flag.c.tier, flag.c.status, flag.c.respond_by, flag.c.repeats, flag.c.patient_id
        )
        .where(flag.c.clinic_id == scope.clinic_id, about, flag.c.status != "resolved")
        .with_for_update()
    )  # fmt: skip


def _open(scope: ClinicScope, subject: FlagSubject, ranked: Sequence[Finding], now: datetime) -> RaisedFlag:
    flag_id, finding = new_id(), ranked[0]
    row = {
        "clinic_id": scope.clinic_id,
        "id": flag_id,
        "episode_id": subject.episode_id,
        "patient_id": subject.patient_id,
        "phone_digest": subject.phone_digest,
        "family": finding.family,
        "opened_at": now,
        **_evidence(scope, flag_id, subject, finding, now),
    }
    scope.connection.execute(insert(tables.flag), row)
    add_event(scope, flag_id, "opened", now, detail=_said(subject, finding, ranked))
    return RaisedFlag(flag_id, finding.family, finding.tier, must_page=True)


def _repeat(
    scope: ClinicScope, subject: FlagSubject, known: AnyRow, ranked: Sequence[Finding], now: datetime
) -> RaisedFlag:
    """More of the same family: a more urgent tier replaces the reason, a calmer one never does.

    Danger that the flag did not tell of yet, or any danger after somebody took the flag, opens and pages it again.
    """
    was, woken = Tier(known.tier), known.status == "snoozed"
    news = _news(scope, subject, known, ranked)
    finding = news or ranked[0]
    higher = finding.tier.rank < was.rank
    must_page = higher or woken or news is not None
    changes: dict[str, Any] = {
        "last_at": now,
        "repeats": min(known.repeats + 1, MOST_REPEATS),
        "version": tables.flag.c.version + 1,
    }
    if finding.tier.rank <= was.rank and must_page and (higher or news is not None):
        evidence = _evidence(scope, known.id, subject, finding, now)
        evidence["respond_by"] = min(evidence["respond_by"], known.respond_by)
        changes |= evidence | _whose(subject, known)
    if must_page:
        changes |= {"status": "open", "snoozed_until": None, "acknowledged_at": None}
    scope.connection.execute(
        update(tables.flag)
        .where(tables.flag.c.clinic_id == scope.clinic_id, tables.flag.c.id == known.id)
        .values(**changes)
    )
    kind = "raised" if higher else "woken" if woken else "repeated"
    new = ranked if higher or news is not None else ()
    add_event(scope, known.id, kind, now, detail=_said(subject, finding, new))
    return RaisedFlag(known.id, finding.family, finding.tier if higher else was, must_page=must_page)


def _news(scope: ClinicScope, subject: FlagSubject, known: AnyRow, ranked: Sequence[Finding]) -> Finding | None:
    """The most urgent danger that nobody was told of, or that comes after somebody took the flag."""
    grave = [finding for finding in ranked if finding.tier in _GRAVE]
    if not grave:
        return None
    told = _told(scope, known.id)
    unseen = next((finding for finding in grave if _name(subject, finding) not in told), None)
    return unseen or (grave[0] if known.status == "acknowledged" else None)


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
    """One piece of evidence, by which a repeat of it is known: its rule, its symptoms and what its words were about."""
    said = finding.inputs
    words = [part for part in str(said.get("because", "")).split(". ") if not any(map(str.isdigit, part))]
    whose = "" if subject.episode_id is not None else str(subject.patient_id or "")
    symptoms = [str(said.get("symptom", "")), *sorted(map(str, said.get("symptoms", ())))]
    return "|".join((finding.rule, finding.tier, whose, *symptoms, *words))


def _whose(subject: FlagSubject, known: AnyRow) -> dict[str, Any]:
    """Whom a phone's flag names: nobody for certain, where it has told of two people."""
    if subject.episode_id is not None or subject.patient_id == known.patient_id:
        return {}
    return {"patient_id": subject.patient_id if known.patient_id is None else None}


def _evidence(
    scope: ClinicScope, flag_id: UUID, subject: FlagSubject, finding: Finding, now: datetime
) -> dict[str, Any]:
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
        "respond_by": now + timedelta(minutes=finding.respond_minutes),
    }


def _said(subject: FlagSubject, finding: Finding, new: Sequence[Finding]) -> dict[str, Any]:
    names = sorted({_name(subject, one) for one in new})
    return ({"evidence": names} if names else {}) | {
        "rule": finding.rule,
        "version": finding.rule_version,
        "tier": finding.tier,
        "reason": finding.reason,
        "inputs": finding.inputs,
    }


def add_event(
    scope: ClinicScope,
    flag_id: UUID,
    kind: str,
    now: datetime,
    clinician_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
    note: str | None = None,
) -> None:
    """Append one event to a flag's story; the note is sealed."""
    event_id = new_id()
    scope.write_late(
        tables.flag_event,
        [
            {
                "clinic_id": scope.clinic_id,
                "id": event_id,
                "flag_id": flag_id,
                "kind": kind,
                "at": now,
                "clinician_id": clinician_id,
                "detail": detail or {},
                "note_sealed": scope.seal("flag_event.note", event_id, note),
            }
        ],
    )

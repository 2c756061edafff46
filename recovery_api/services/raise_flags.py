"""Turn findings into flags: one open flag an episode and family, raised when things get worse, never lowered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.ladder import NEVER_WAITS, Standing
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.climb_ladder import climb_anew, queue_rung
from recovery_api.services.draw_code import draw_climb, draw_flag_id
from recovery_api.services.find_ladder import ClinicLadder, find_ladder
from recovery_api.services.flag_evidence import (
    FlagSubject,
    evidence_of,
    find_news,
    is_two_points_more,
    named_by,
    story_of,
    worst_pain,
)
from recovery_api.services.say_how_soon import response_times, waiting_since

__all__ = ["FlagSubject", "RaisedFlag", "add_event", "raise_flags", "take_turn"]

MOST_REPEATS = 32_767


@dataclass(frozen=True, slots=True)
class RaisedFlag:
    """A flag that a finding opened, raised or repeated; `must_page` where people must be told again.

    `was` is its tier before, None where it is new or somebody had it.
    """

    id: UUID
    family: str
    tier: Tier
    must_page: bool
    was: Tier | None = None


def raise_flags(
    scope: ClinicScope, subject: FlagSubject, findings: Sequence[Finding], now: datetime
) -> list[RaisedFlag]:
    """Store `findings` as flags in the caller's transaction, the most urgent finding of a family first."""
    if not findings:
        return []
    scope.flush()  # the text that a flag names must be there before it
    take_turn(scope, subject)
    open_flags = {row.family: row for row in scope.connection.execute(_open_flags(scope, subject))}
    ladder = find_ladder(scope)
    raised = []
    for family in dict.fromkeys(finding.family for finding in findings):
        ranked = sorted((f for f in findings if f.family == family), key=lambda f: f.tier.rank)
        known = open_flags.get(family)
        if known is None:
            raised.append(_open(scope, subject, ranked, ladder, now))
        else:
            raised.append(_repeat(scope, subject, known, ranked, ladder, now))
    return raised


_TURN = text("SELECT pg_advisory_xact_lock(:place)")


def take_turn(scope: ClinicScope, subject: FlagSubject) -> None:
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
            flag.c.id, flag.c.family, flag.c.tier, flag.c.status, flag.c.respond_by, flag.c.repeats, flag.c.patient_id,
            flag.c.told_pain, flag.c.climb, flag.c.next_rung, flag.c.next_rung_at,
        )
        .where(flag.c.clinic_id == scope.clinic_id, about, flag.c.status != "resolved")
        .with_for_update()
    )  # fmt: skip


def _open(
    scope: ClinicScope, subject: FlagSubject, ranked: Sequence[Finding], ladder: ClinicLadder, now: datetime
) -> RaisedFlag:
    flag_id, finding = draw_flag_id(scope), ranked[0]
    standing = ladder.climb(finding.tier).begin(now)
    row = {
        "clinic_id": scope.clinic_id,
        "id": flag_id,
        "episode_id": subject.episode_id,
        "patient_id": subject.patient_id,
        "phone_digest": subject.phone_digest,
        "family": finding.family,
        "opened_at": now,
        "waiting_since": waiting_since(finding, now),
        "told_pain": worst_pain(ranked),
        "next_rung": standing.rung,
        "next_rung_at": standing.due_at,
        **evidence_of(scope, flag_id, subject, finding, response_times(scope, ladder), now),
    }
    scope.connection.execute(insert(tables.flag), row)
    queue_rung(scope, flag_id, standing.due_at)
    add_event(scope, flag_id, "opened", now, detail=story_of(subject, finding, ranked))
    return RaisedFlag(flag_id, finding.family, finding.tier, must_page=True)


def _repeat(
    scope: ClinicScope,
    subject: FlagSubject,
    known: AnyRow,
    ranked: Sequence[Finding],
    ladder: ClinicLadder,
    now: datetime,
) -> RaisedFlag:
    """More of the same family: a more urgent tier replaces the reason, a calmer one never does.

    Danger that the flag did not tell of yet, two points more of pain, or any danger after somebody took the flag,
    opens and pages it again.
    """
    was, woken = Tier(known.tier), known.status == "snoozed"
    news = find_news(scope, subject, known, ranked)
    finding = news or ranked[0]
    worse = finding.tier.rank < was.rank or is_two_points_more(known, ranked)
    must_page = worse or woken or news is not None
    tier = finding.tier if finding.tier.rank < was.rank else was
    changes: dict[str, Any] = {
        "last_at": now,
        "repeats": min(known.repeats + 1, MOST_REPEATS),
        "version": tables.flag.c.version + 1,
    }
    if finding.tier.rank <= was.rank and (worse or news is not None):
        changes |= _fresh_evidence(scope, subject, known, finding, ladder, now)
    if must_page:
        changes |= _called_again(scope, known, tier, ranked, ladder, waiting_since(finding, now), now)
    scope.connection.execute(
        update(tables.flag)
        .where(tables.flag.c.clinic_id == scope.clinic_id, tables.flag.c.id == known.id)
        .values(**changes)
    )
    kind = "raised" if worse else "woken" if woken else "repeated"
    new = ranked if worse or news is not None else ()
    add_event(scope, known.id, kind, now, detail=story_of(subject, finding, new) | {"called": must_page})
    return RaisedFlag(known.id, finding.family, tier, must_page, was if known.status == "open" else None)


def _fresh_evidence(
    scope: ClinicScope, subject: FlagSubject, known: AnyRow, finding: Finding, ladder: ClinicLadder, now: datetime
) -> dict[str, Any]:
    """Why the flag stands now; who waits for an answer already waits no longer for it than before."""
    evidence = evidence_of(scope, known.id, subject, finding, response_times(scope, ladder), now)
    if known.status == "open":
        evidence["respond_by"] = min(evidence["respond_by"], known.respond_by)
    return evidence | named_by(subject, known)


def _called_again(
    scope: ClinicScope,
    known: AnyRow,
    tier: Tier,
    ranked: Sequence[Finding],
    ladder: ClinicLadder,
    since: datetime,
    now: datetime,
) -> dict[str, Any]:
    """What changes on a flag that must be told again; its place on the ladder is never a later one.

    Nor is its place on the worklist: who waits already waits on, whatever else comes.
    """
    pains = [pain for pain in (known.told_pain, worst_pain(ranked)) if pain is not None]
    changes: dict[str, Any] = {
        "status": "open", "snoozed_until": None, "acknowledged_at": None, "told_pain": max(pains, default=None),
    }  # fmt: skip
    if known.status != "open" or tier.rank < Tier(known.tier).rank:
        changes["waiting_since"] = since
    if known.status != "open":
        return changes | climb_anew(scope, known, tier, now, at_once=known.status == "snoozed")
    standing = Standing(known.next_rung or 0, known.next_rung_at or now)
    standing = ladder.climb(tier).bounded(standing, now)
    queue_rung(scope, known.id, standing.due_at)
    if tier in NEVER_WAITS and tier.rank < Tier(known.tier).rank:  # a reply to the calmer page takes nothing unseen
        changes["climb"] = draw_climb(scope, known)
    return changes | {"next_rung": standing.rung, "next_rung_at": standing.due_at}

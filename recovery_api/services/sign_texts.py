"""Change a text of the clinic by two people: one proposes its words, another signs or refuses them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from recovery_api.domain.text_lint import MOST_SEGMENTS, own_problems
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.texts import as_sent, message_pack
from recovery_api.services.record_audit import Actor, record_audit

PROPOSERS = frozenset({"lead"})
SIGNERS = frozenset({"clinician", "lead"})
AGREED_SEGMENTS = 2
LONGEST_WORDING = 480  # characters before the values are filled in


@dataclass(frozen=True, slots=True)
class Proposal:
    """New words for one text in one language. Without a body, the shipped words come back."""

    key: str
    language: str
    body: str | None
    most_segments: int = MOST_SEGMENTS


def propose_wording(scope: ClinicScope, proposal: Proposal, actor: Actor, now: datetime) -> UUID:
    """Put words forward for a second person; nothing is sent with them yet. Returns the wording's id.

    Raises NotAllowed where the actor is no lead, Invalid with what the linter found, and Conflict where the same text
    waits for a signature already.
    """
    if actor.role not in PROPOSERS:
        raise NotAllowed("Only a lead may propose other words.")
    body = None if proposal.body is None else as_sent(proposal.body.replace("\r\n", "\n").strip())
    check_wording(proposal.key, proposal.language, body, proposal.most_segments)
    _hold_texts(scope)
    if scope.connection.execute(_waiting(scope, proposal.key, proposal.language)).first() is not None:
        raise Conflict("Other words for this text wait for a signature. Sign or refuse those first.")
    wording_id = new_id()
    scope.connection.execute(
        insert(tables.wording).values(
            clinic_id=scope.clinic_id,
            id=wording_id,
            text_key=proposal.key,
            language=proposal.language,
            body=body,
            most_segments=proposal.most_segments,
            pack_version=message_pack().version,
            proposed_by_id=actor.id,
            proposed_at=now,
        )
    )
    record_audit(scope, actor, "wording.proposed", ("wording", wording_id), now, detail={"text": proposal.key})
    return wording_id


def check_wording(key: str, language: str, body: str | None, most_segments: int = MOST_SEGMENTS) -> None:
    """Raises Invalid where there is no such text, or naming everything that the linter has against its new words."""
    pack = message_pack()
    if language not in pack.languages:
        raise Invalid(f"must be one of {', '.join(pack.languages)}", field="language")
    if key not in pack.keys(language):
        raise Invalid("is no text of the product", field="key")
    if most_segments not in (MOST_SEGMENTS, AGREED_SEGMENTS):
        raise Invalid("must be 1 or 2", field="most_segments")
    if body is None:
        return
    if len(body) > LONGEST_WORDING:
        raise Invalid(f"must have at most {LONGEST_WORDING} characters", field="body")
    found = own_problems(key, language, body, pack.text(key, language), most_segments)
    if found:
        raise Invalid("; ".join(found), field="body")


def sign_wording(scope: ClinicScope, wording_id: UUID, actor: Actor, now: datetime) -> int:
    """The second signature: from the next transaction on, texts are sent with these words.

    Returns the clinic's new version of its texts. Raises NotFound, NotAllowed for who proposed them or has no such
    role, Conflict where they were decided about already, and Invalid where the linter has come to refuse them.
    """
    wording = _undecided(scope, wording_id, actor)
    if wording.proposed_by_id == actor.id:
        raise NotAllowed("Two people change a text: somebody else has to sign.")
    check_wording(wording.text_key, wording.language, wording.body, wording.most_segments)
    clinic = tables.clinic
    version: int = scope.connection.execute(
        update(clinic)
        .where(clinic.c.id == scope.clinic_id)
        .values(texts_version=clinic.c.texts_version + 1)
        .returning(clinic.c.texts_version)
    ).scalar_one()
    _decide(scope, wording_id, "signed", version, actor, now)
    return version


def refuse_wording(scope: ClinicScope, wording_id: UUID, actor: Actor, now: datetime) -> None:
    """Turn words down for good; who proposed them may take them back so. Raises as sign_wording does."""
    _undecided(scope, wording_id, actor)
    _decide(scope, wording_id, "refused", None, actor, now)


def _undecided(scope: ClinicScope, wording_id: UUID, actor: Actor) -> Any:
    if actor.role not in SIGNERS:
        raise NotAllowed("A lead or a clinician decides about the words of a text.")
    _hold_texts(scope)
    wording, decision = tables.wording, tables.wording_decision
    row = scope.connection.execute(
        select(wording, decision.c.outcome)
        .outerjoin(decision, (decision.c.clinic_id == wording.c.clinic_id) & (decision.c.wording_id == wording.c.id))
        .where(wording.c.clinic_id == scope.clinic_id, wording.c.id == wording_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such wording.")
    if row.outcome is not None:
        raise Conflict(f"These words were {row.outcome} already.")
    return row


def _decide(
    scope: ClinicScope, wording_id: UUID, outcome: str, version: int | None, actor: Actor, now: datetime
) -> None:
    scope.connection.execute(
        insert(tables.wording_decision).values(
            clinic_id=scope.clinic_id,
            id=new_id(),
            wording_id=wording_id,
            outcome=outcome,
            texts_version=version,
            decided_by_id=actor.id,
            decided_at=now,
        )
    )
    record_audit(scope, actor, f"wording.{outcome}", ("wording", wording_id), now)


def _hold_texts(scope: ClinicScope) -> None:
    """One change of a clinic's texts at a time."""
    clinic = tables.clinic
    scope.connection.execute(select(clinic.c.id).where(clinic.c.id == scope.clinic_id).with_for_update(key_share=True))


def _waiting(scope: ClinicScope, key: str, language: str) -> Any:
    wording, decision = tables.wording, tables.wording_decision
    return (
        select(wording.c.id)
        .outerjoin(decision, (decision.c.clinic_id == wording.c.clinic_id) & (decision.c.wording_id == wording.c.id))
        .where(
            wording.c.clinic_id == scope.clinic_id,
            wording.c.text_key == key,
            wording.c.language == language,
            decision.c.id.is_(None),
        )
    )

"""Change a text of the clinic by two people: one proposes its words, another signs or refuses them."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import Invalid
from recovery_api.domain.text_lint import MOST_SEGMENTS, own_problems
from recovery_api.models import tables
from recovery_api.packs.texts import as_sent, message_pack
from recovery_api.services.public_address import longest_link
from recovery_api.services.queue_texts import standing_values
from recovery_api.services.record_audit import Actor
from recovery_api.services.two_signatures import (
    PROPOSERS,
    SIGNERS,
    Matter,
    Put,
    Refusals,
    check_proposer,
    propose,
    refuse,
    sign,
)

__all__ = [
    "AGREED_SEGMENTS",
    "PROPOSERS",
    "SIGNERS",
    "Proposal",
    "check_wording",
    "propose_wording",
    "refuse_wording",
    "sign_wording",
]
AGREED_SEGMENTS = 2
LONGEST_WORDING = 480  # characters before the values are filled in
_TEXTS = Matter(
    name="wording",
    proposal=tables.wording,
    decision=tables.wording_decision,
    refers="wording_id",
    version="texts_version",
    says=Refusals(
        no_proposer="Only a lead may propose other words.",
        waits="Other words for this text wait for a signature. Sign or refuse those first.",
        no_signer="A lead or a clinician decides about the words of a text.",
        same_person="Two people change a text: somebody else has to sign.",
        unknown="There is no such wording.",
        decided="These words were {outcome} already.",
    ),
)


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
    check_proposer(_TEXTS, actor)
    body = None if proposal.body is None else as_sent(proposal.body.replace("\r\n", "\n").strip())
    check_wording(scope, proposal.key, proposal.language, body, proposal.most_segments)
    values = {
        "text_key": proposal.key,
        "language": proposal.language,
        "body": body,
        "most_segments": proposal.most_segments,
        "pack_version": message_pack().version,
    }
    return propose(scope, _TEXTS, Put(values, ("text_key", "language"), {"text": proposal.key}), actor, now)


def check_wording(
    scope: ClinicScope, key: str, language: str, body: str | None, most_segments: int = MOST_SEGMENTS
) -> None:
    """Raises Invalid where there is no such text, or naming everything that the linter has against its new words.

    They are measured with the longest values that can stand in this clinic's texts.
    """
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
    values = {**standing_values(scope), "link": longest_link()}
    found = own_problems(key, language, body, pack.text(key, language), most_segments, values)
    if found:
        raise Invalid("; ".join(found), field="body")


def sign_wording(scope: ClinicScope, wording_id: UUID, actor: Actor, now: datetime) -> int:
    """The second signature: from the next transaction on, texts are sent with these words.

    Returns the clinic's new version of its texts. Raises as `two_signatures.sign` does, and Invalid where the linter
    has come to refuse them.
    """
    return sign(scope, _TEXTS, wording_id, actor, now, partial(_check, scope))


def refuse_wording(scope: ClinicScope, wording_id: UUID, actor: Actor, now: datetime) -> None:
    """Turn words down for good; who proposed them may take them back so. Raises as sign_wording does."""
    refuse(scope, _TEXTS, wording_id, actor, now)


def _check(scope: ClinicScope, row: AnyRow) -> None:
    check_wording(scope, row.text_key, row.language, row.body, row.most_segments)

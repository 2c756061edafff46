"""Keep the answer to a write that needs no token under its Idempotency-Key, for an hour, and give it again.

Who sends it is not known yet, so nothing is kept that names anybody: digests, and an answer that only the same write
opens again, for its words are part of the key that seals it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, Vaults, open_transaction
from recovery_api.domain.errors import KeyReused, StillInFlight
from recovery_api.models import tables

_KEPT = timedelta(hours=1)
_ANSWERED_WITHIN = timedelta(seconds=30)  # whoever has not answered by then has ended in the middle
_OTHER_WRITES = 5  # after so many with this key, which may be guesses, nobody gets the answer any more


@dataclass(frozen=True, slots=True)
class OpenWrite:
    """A write without a token that carries a key, and what it says (method, path and body)."""

    key: str
    content: str


def claim_open_write(write: OpenWrite, vaults: Vaults) -> str | None:
    """The answer that was kept under this key; None where this is the first to come with it, who must settle it.

    Raises StillInFlight while the first is being worked on, KeyReused where that one said something else.
    """
    with open_transaction() as connection:
        found = _claim(connection, write, vaults)
    if found is None:
        return None
    if found.other_writes:
        raise KeyReused("This key was used for a request that said something else.", field="Idempotency-Key")
    if found.answer_sealed is None:
        raise StillInFlight("The first request with this key is still being answered.")
    return vaults.data_key.open_answer(write.content, found.answer_sealed)


def settle_open_write(write: OpenWrite, answer: str | None, vaults: Vaults) -> None:
    """Keep the answer, or let go of the key where there is none: the next who comes with it begins anew."""
    kept, says = tables.open_answer, vaults.data_key.answer_digest("write", write.content)
    mine = (kept.c.digest == vaults.data_key.answer_digest("key", write.key)) & (kept.c.write_digest == says)
    with open_transaction() as connection:
        if answer is None:
            connection.execute(delete(kept).where(mine, kept.c.answer_sealed.is_(None)))
        else:
            sealed = vaults.data_key.seal_answer(write.content, answer)
            connection.execute(update(kept).where(mine, kept.c.answer_sealed.is_(None)).values(answer_sealed=sealed))


def _claim(connection: Connection, write: OpenWrite, vaults: Vaults) -> AnyRow | None:
    """None where the key is this write's now, else its row; `other_writes` counts those that said something else."""
    kept, now = tables.open_answer, real_now()
    digest = vaults.data_key.answer_digest("key", write.key)
    says = vaults.data_key.answer_digest("write", write.content)
    connection.execute(delete(kept).where(kept.c.claimed_at < now - _KEPT))
    mine: Any = insert(kept).values(digest=digest, write_digest=says, claimed_at=now)
    was_left = kept.c.answer_sealed.is_(None) & (kept.c.claimed_at < now - _ANSWERED_WITHIN)
    anew = {"claimed_at": now, "write_digest": says, "other_writes": 0}
    mine = mine.on_conflict_do_update(index_elements=[kept.c.digest], set_=anew, where=was_left)
    if connection.execute(mine.returning(kept.c.digest)).first() is not None:
        return None
    says_other = (kept.c.write_digest != says) | (kept.c.other_writes >= _OTHER_WRITES)
    connection.execute(
        update(kept).where(kept.c.digest == digest, says_other).values(other_writes=kept.c.other_writes + 1)
    )
    return connection.execute(
        select(kept.c.answer_sealed, says_other.label("other_writes")).where(kept.c.digest == digest)
    ).one()

"""Keep the answer to a write under its Idempotency-Key, in the transaction of the write, and give it again.

It is forgotten after 31 days (forget_answers).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import StillInFlight
from recovery_api.ids import new_id
from recovery_api.models import tables

_LOCK = text("SELECT pg_try_advisory_xact_lock(:place)")


@dataclass(frozen=True, slots=True)
class KeyedWrite:
    """A write that carries a key: who sent it, and what it says (method, path and body)."""

    bearer_id: UUID
    key: str
    content: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The first answer to a write; `same_write` tells whether what came now says the same."""

    status: int
    headers: Mapping[str, str]
    body: str
    same_write: bool


def recall_answer(scope: ClinicScope, write: KeyedWrite) -> KeptAnswer | None:
    """The answer that was kept under this key, if any. Raises StillInFlight while the first is being worked on."""
    digest = _key_digest(scope, write)
    place = int.from_bytes(digest[:8], "big", signed=True)
    if not scope.connection.execute(_LOCK, {"place": place}).scalar():
        raise StillInFlight("The first request with this key is still being answered.")
    kept = tables.idempotency_key
    row = scope.connection.execute(
        select(kept).where(
            kept.c.clinic_id == scope.clinic_id, kept.c.bearer_id == write.bearer_id, kept.c.key_digest == digest
        )
    ).one_or_none()
    if row is None:
        return None
    body = scope.vault.open("idempotency_key.answer", row.id, row.answer_sealed)
    return KeptAnswer(row.status, row.headers, body, bytes(row.body_digest) == _body_digest(scope, write))


def keep_answer(scope: ClinicScope, write: KeyedWrite, answer: KeptAnswer, now: datetime) -> None:
    """Keep the first answer. Raises StillInFlight where another request with this key was faster."""
    row_id = new_id()
    row = {
        "clinic_id": scope.clinic_id,
        "id": row_id,
        "bearer_id": write.bearer_id,
        "key_digest": _key_digest(scope, write),
        "body_digest": _body_digest(scope, write),
        "status": answer.status,
        "answer_sealed": scope.seal("idempotency_key.answer", row_id, answer.body),
        "headers": dict(answer.headers),
        "created_at": now,
    }
    try:
        scope.connection.execute(insert(tables.idempotency_key), row)
    except IntegrityError:
        raise StillInFlight("Another request with this key was answered meanwhile.") from None


def _key_digest(scope: ClinicScope, write: KeyedWrite) -> bytes:
    return scope.vault.digest("idempotency-key", f"{write.bearer_id}|{write.key}")


def _body_digest(scope: ClinicScope, write: KeyedWrite) -> bytes:
    return scope.vault.digest("idempotency-body", write.content)

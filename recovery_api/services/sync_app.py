"""Sync an app: what changed since it last asked, and what is gone, by comparing what it held with what is there.

Nothing that writes has to know of this: no change is missed because two were made at once, and none is told twice.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Invalid
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.sync_state import KINDS, MARK_BYTES, Key, State, read_state

POINTS_KEPT = 16  # for each patient: pages and devices together
_DIGEST_BYTES = 16
_ENTRY_BYTES = 1 + 16 + MARK_BYTES
_Held = Mapping[Key, bytes]


@dataclass(frozen=True, slots=True)
class Change:
    """One item as it is now, or word that it is gone: then `data` is None."""

    type: str
    id: UUID
    deleted: bool
    data: Any


@dataclass(frozen=True, slots=True)
class Synced:
    """What changed; `next` is where to go on from. `full` tells that the cursor was too old to compare with.

    An app that gets a `full` answer drops what it holds, and takes everything anew.
    """

    changes: Sequence[Change]
    next: str
    more: bool
    full: bool


def sync_app(scope: ClinicScope, patient_id: UUID, since: str | None, limit: int, now: datetime) -> Synced:
    """At most `limit` changes since a cursor, or since the beginning. Raises Invalid for what is no cursor."""
    held = {} if since is None else _held_at(scope, patient_id, _read_cursor(since))
    state = read_state(scope, patient_id, now)
    before = held or {}
    wanted = sorted(_differing(before, state.marks), key=lambda key: (KINDS.index(key[0]), key[1]))
    page = wanted[:limit]
    after = {**before, **{key: state.marks[key] for key in page if key in state.marks}}
    for key in page:
        if key not in state.marks:
            del after[key]
    digest = _keep(scope, patient_id, after) if page or not before else _digest(_packed(before))
    return Synced(
        changes=_changes(state, page),
        next=base64.urlsafe_b64encode(digest).decode().rstrip("="),
        more=len(wanted) > limit,
        full=held is None,
    )


def _differing(held: _Held, marks: _Held) -> list[Key]:
    changed = [key for key, mark in marks.items() if held.get(key) != mark]
    return changed + [key for key in held if key not in marks]


def _changes(state: State, page: Sequence[Key]) -> list[Change]:
    found: dict[Key, Any] = {}
    for kind, read in state.readers.items():
        ids = [row_id for one, row_id in page if one == kind and (kind, row_id) in state.marks]
        if ids:
            rows = read(ids)
            found |= {(kind, row_id): rows[row_id] for row_id in ids}
    return [Change(kind, row_id, (kind, row_id) not in found, found.get((kind, row_id))) for kind, row_id in page]


def _held_at(scope: ClinicScope, patient_id: UUID, digest: bytes) -> dict[Key, bytes] | None:
    """What the app held at a cursor; None where that is not known any more."""
    point = tables.sync_point
    packed = scope.connection.execute(
        select(point.c.held).where(
            point.c.clinic_id == scope.clinic_id, point.c.patient_id == patient_id, point.c.digest == digest
        )
    ).scalar()
    return None if packed is None else _unpacked(bytes(packed))


def _keep(scope: ClinicScope, patient_id: UUID, held: _Held) -> bytes:
    """Remember what the app holds from now on; the oldest of many points is forgotten."""
    point, packed = tables.sync_point, _packed(held)
    digest = _digest(packed)
    mine = (point.c.clinic_id == scope.clinic_id) & (point.c.patient_id == patient_id)
    row = {"clinic_id": scope.clinic_id, "id": new_id(), "patient_id": patient_id, "digest": digest}
    scope.connection.execute(insert(point).values(**row, held=packed, created_at=real_now()).on_conflict_do_nothing())
    old = select(point.c.id).where(mine).order_by(point.c.created_at.desc(), point.c.id.desc()).offset(POINTS_KEPT)
    scope.connection.execute(delete(point).where(mine, point.c.id.in_(old), point.c.digest != digest))
    return digest


def _packed(held: _Held) -> bytes:
    """One after the other: kind, id, mark; sorted, so that the same state is the same bytes."""
    entries = sorted((KINDS.index(kind), row_id.bytes, mark) for (kind, row_id), mark in held.items())
    return b"".join(bytes([kind]) + row_id + mark for kind, row_id, mark in entries)


def _unpacked(packed: bytes) -> dict[Key, bytes]:
    entries = (packed[at : at + _ENTRY_BYTES] for at in range(0, len(packed), _ENTRY_BYTES))
    return {(KINDS[entry[0]], UUID(bytes=entry[1:17])): entry[17:] for entry in entries}


def _digest(packed: bytes) -> bytes:
    return hashlib.sha256(packed).digest()[:_DIGEST_BYTES]


def _read_cursor(since: str) -> bytes:
    try:
        digest = base64.urlsafe_b64decode(since + "=" * (-len(since) % 4))
    except (ValueError, binascii.Error):
        digest = b""
    if len(digest) != _DIGEST_BYTES:
        raise Invalid("is not a cursor of this list", field="since")
    return digest

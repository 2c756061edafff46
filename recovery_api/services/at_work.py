"""Who is at work on a page, and whether all around them is well: everything that every page needs, in one statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from recovery_api.clock import real_now
from recovery_api.db import Vaults, open_transaction
from recovery_api.prepared import Prepared
from recovery_api.services.check_readiness import Check, migration_check, process_checks
from recovery_api.services.credentials import digest_of, is_idle, keep_awake
from recovery_api.services.keep_watch import Watched
from recovery_api.services.sign_in import Colleague

# The clinic is entered on the way, as in db.py: what is read of it stands behind the wall.
_AT_WORK = Prepared(
    text("""
WITH known AS MATERIALIZED (
    SELECT digest, subject_id, family_id, seen_at, proved_at,
           set_config('app.clinic', clinic_id::text, true)::uuid AS clinic_id
    FROM credential WHERE digest = :digest AND kind = 'session' AND revoked_at IS NULL AND expires_at > :real
)
SELECT known.*, c.wrapped_key, p.role, p.name_sealed,
       (SELECT version_num FROM alembic_version LIMIT 1) AS version,
       (SELECT json_object_agg(process, seen)
        FROM (SELECT process, max(beat_at) AS seen FROM heartbeat GROUP BY process) beat) AS beats,
       (SELECT json_agg(w) FROM watch w WHERE w.clinic_id = known.clinic_id) AS watches
FROM known
JOIN LATERAL (SELECT wrapped_key FROM clinic WHERE clinic.id = known.clinic_id OFFSET 0) c ON true
JOIN LATERAL (
    SELECT role, name_sealed FROM clinician
    WHERE clinician.clinic_id = known.clinic_id AND clinician.id = known.subject_id AND disabled_at IS NULL OFFSET 0
) p ON true
""")
)


@dataclass(frozen=True, slots=True)
class AtWork:
    """A clinician with a session, the checks of what must run, and the latest looks at their clinic."""

    colleague: Colleague
    checks: tuple[Check, ...]
    watches: tuple[Watched, ...]


def find_at_work(secret: str, vaults: Vaults, *, is_active: bool = True) -> AtWork | None:
    """The clinician behind a session, or None where it is worth nothing or idle.

    A page that updates itself is no sign of a person: it passes `is_active` as False, and the session goes idle.
    """
    real = real_now()
    with open_transaction() as connection:
        row = _AT_WORK.first(connection, {"digest": digest_of(secret), "real": real})
        if row is None or is_idle(row.seen_at, real):
            return None
        if is_active:
            keep_awake(connection, row.digest, row.seen_at, real)
        name = vaults.of(row.clinic_id, row.wrapped_key).open("clinician.name", row.subject_id, row.name_sealed)
    return AtWork(
        Colleague(row.clinic_id, row.subject_id, name, row.role, row.family_id, row.proved_at),
        (migration_check(row.version), *process_checks(_times(row.beats))),
        tuple(_watched(row.clinic_id, one) for one in row.watches or ()),
    )


def _times(beats: Mapping[str, str] | None) -> dict[str, datetime]:
    return {process: datetime.fromisoformat(at) for process, at in (beats or {}).items()}


def _watched(clinic_id: UUID, row: Mapping[str, Any]) -> Watched:
    sound_at = datetime.fromisoformat(row["sound_at"]) if row["sound_at"] else None
    looked_at = datetime.fromisoformat(row["looked_at"])
    return Watched(clinic_id, row["kind"], looked_at, sound_at, row["trouble"], row["counts"])

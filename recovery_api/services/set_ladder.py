"""Put a clinic's own ladder in force, with its last resort; the one before it is kept."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from recovery_api.db import ClinicScope
from recovery_api.domain.ladder_file import read_ladder
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.find_ladder import LastResort
from recovery_api.services.record_audit import Actor, record_audit


def set_ladder(
    scope: ClinicScope, content: dict[str, Any], last_resort: LastResort, actor: Actor, now: datetime
) -> UUID:
    """Check `content` and make it the clinic's ladder from now on; returns its id. Raises PackError.

    Flags that are climbing go on by the new ladder from the rung at which they stand.
    """
    read_ladder(content, "the clinic's own ladder")
    ladder, ladder_id = tables.ladder, new_id()
    scope.connection.execute(
        update(ladder)
        .where(ladder.c.clinic_id == scope.clinic_id, ladder.c.replaced_at.is_(None))
        .values(replaced_at=now)
    )
    told = {"phone": last_resort.phone, "email": last_resort.email}
    sealed = scope.seal("ladder.last_resort", ladder_id, json.dumps(told)) if any(told.values()) else None
    row = {"clinic_id": scope.clinic_id, "id": ladder_id, "content": content, "valid_from": now}
    scope.connection.execute(insert(ladder), {**row, "last_resort_sealed": sealed})
    record_audit(scope, actor, "ladder.set", ("ladder", ladder_id), now)
    return ladder_id

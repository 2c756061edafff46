"""Find a clinic's ladder: its own or the shipped one, with its working hours, holidays and last resort."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import text

from recovery_api.db import ClinicScope
from recovery_api.domain.ladder import Climb, Ladder
from recovery_api.domain.ladder_file import read_ladder
from recovery_api.domain.tiers import Tier
from recovery_api.domain.working_hours import WorkingHours
from recovery_api.packs.ladder_pack import ladder_pack

_CURRENT = text("""
SELECT own.id, own.content, own.last_resort_sealed,
       ARRAY(SELECT held_on FROM holiday WHERE clinic_id = :clinic AND removed_at IS NULL) AS holidays
FROM (SELECT) AS one LEFT JOIN ladder AS own ON own.clinic_id = :clinic AND own.replaced_at IS NULL
""")


@dataclass(frozen=True, slots=True)
class LastResort:
    """Who is told when nobody answered: a phone, an address, or both."""

    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class ClinicLadder:
    """The ladder in force with everything that it is climbed by."""

    ladder: Ladder
    hours: WorkingHours
    last_resort: LastResort

    def climb(self, tier: Tier) -> Climb:
        """The climb of one tier."""
        return Climb(tier, self.ladder.tiers[tier], self.hours)


def find_ladder(scope: ClinicScope) -> ClinicLadder:
    """The clinic's own ladder in force, else the shipped one."""
    row = scope.connection.execute(_CURRENT, {"clinic": scope.clinic_id}).one()
    ladder = ladder_pack() if row.id is None else _own(row.id, json.dumps(row.content))
    sealed = scope.open("ladder.last_resort", row.id, row.last_resort_sealed) if row.id else None
    told: dict[str, Any] = json.loads(sealed) if sealed else {}
    hours = ladder.hours(scope.zone, frozenset(row.holidays))
    return ClinicLadder(ladder, hours, LastResort(told.get("phone"), told.get("email")))


@lru_cache(maxsize=256)
def _own(ladder_id: UUID, content: str) -> Ladder:
    return read_ladder(json.loads(content), "the clinic's own ladder")

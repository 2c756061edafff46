"""Draw the code of a page: no two flags of a clinic that are not closed have the same, however they were drawn."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.page_code import page_code
from recovery_api.ids import new_id
from recovery_api.models import tables

DRAWS = 20  # a clinic with a thousand flags in hand needs more than these once in 10^20 flags
MOST_CLIMBS = 32_767
# Of its own kind, so that it meets no other advisory lock; it is never waited for.
_ALONE = text("SELECT pg_try_advisory_xact_lock(5, :place)")


def draw_flag_id(scope: ClinicScope) -> UUID:
    """An id for a new flag, whose first code is nobody else's."""
    return _drawn(scope, [(new_id(), 1) for _ in range(DRAWS)])[0]


def draw_climb(scope: ClinicScope, flag: AnyRow) -> int:
    """The number of a flag's next climb (a row with id and climb), whose code is nobody else's and not its last one."""
    numbers = range(flag.climb + 1, flag.climb + 1 + DRAWS)
    return _drawn(scope, [(flag.id, min(number, MOST_CLIMBS)) for number in numbers])[1]


def _drawn(scope: ClinicScope, draws: Sequence[tuple[UUID, int]]) -> tuple[UUID, int]:
    """The first draw with a code of its own; the last one where there is none: a flag is raised all the same.

    Who draws a code holds it until the end of the transaction. Whoever draws the same meanwhile draws again; whoever
    comes later finds the flag.
    """
    free = (one for one in draws if _is_alone(scope, page_code(*one)) and page_code(*one) not in _taken(scope))
    return next(free, draws[-1])


def _is_alone(scope: ClinicScope, code: str) -> bool:
    place = hashlib.sha256(scope.clinic_id.bytes + code.encode()).digest()[:4]
    return bool(scope.connection.execute(_ALONE, {"place": int.from_bytes(place, "big", signed=True)}).scalar_one())


def _taken(scope: ClinicScope) -> set[str]:
    flag = tables.flag
    chosen = select(flag.c.id, flag.c.climb).where(flag.c.clinic_id == scope.clinic_id, flag.c.status != "resolved")
    return {page_code(row.id, row.climb) for row in scope.connection.execute(chosen)}

"""Wake flags that were put off or left lying: when their time has come they are open again, and people are paged."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from recovery_api.db import ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.tiers import Tier
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.bring_back_flags import bring_back_flags
from recovery_api.services.climb_ladder import climb_anew
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.set_aside import TROUBLE

BATCH = 200


def wake_flags(vaults: Vaults, now: datetime) -> int:
    """Open every flag again whose snooze is over at `now`, or that nobody closed in its time; returns how many."""
    works = (_wake, bring_back_flags)
    return sum(_open_or_say_so(clinic_id, work, vaults, now) for clinic_id in list_clinics() for work in works)


def _open_or_say_so(
    clinic_id: UUID, work: Callable[[ClinicScope, datetime], int], vaults: Vaults, now: datetime
) -> int:
    """A clinic in which a flag cannot be opened keeps no other from it, and what lies there nothing that sleeps."""
    try:
        with clinic_transaction(clinic_id, vaults) as scope:
            return work(scope, now)
    except TROUBLE as error:
        warn("flags.not_woken", clinic_id=str(clinic_id), error=type(error).__name__)
        return 0


def _wake(scope: ClinicScope, now: datetime) -> int:
    """Open what is due; its first people are told again by the next step of its ladder."""
    flag = tables.flag
    asleep = scope.connection.execute(
        select(flag.c.id, flag.c.tier, flag.c.climb, flag.c.snoozed_until)
        .where(flag.c.clinic_id == scope.clinic_id, flag.c.status == "snoozed", flag.c.snoozed_until <= now)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in asleep:
        again = climb_anew(scope, row, Tier(row.tier), now, at_once=True)
        scope.connection.execute(
            update(flag)
            .where(flag.c.clinic_id == scope.clinic_id, flag.c.id == row.id)
            .values(status="open", snoozed_until=None, waiting_since=now, version=flag.c.version + 1, **again)
        )
        until = row.snoozed_until.isoformat()
        add_event(scope, row.id, "woken", now, detail={"until": until, "reason": "the time it was put off for is over"})
    return len(asleep)

"""Stop asking for the end of a text: it stays on record, and the clinic hears that nobody knows whether it arrived."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.delivery import WITHOUT_END
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.flag_phone import flag_phone, people_on
from recovery_api.services.follow_delivery import lock_phone
from recovery_api.services.outbox_rows import outbox_row, write_message
from recovery_api.services.turn import MINUTES

SAFETY_UNKNOWN = "Nobody knows whether a safety text arrived: the carrier never said, so call"
UNKNOWN = "Nobody knows whether texts reach this phone: the carrier never said"
TOLD_AGAIN = timedelta(days=7)


def give_up_end(scope: ClinicScope, message_id: UUID, now: datetime) -> bool:
    """Write down that the end of a text will not be asked for any more; False where it has one meanwhile.

    A safety text is a flag for today; any other is one to look at, a phone and week at most, since there are carriers
    that never tell (shipped protocol). A page has its own ladder, which went on long before.
    """
    lock_phone(scope, message_id)
    row = outbox_row(scope, message_id)
    if row is None or row.state not in WITHOUT_END or row.end_given_up_at is not None:
        return False
    write_message(scope, message_id, end_given_up_at=now)
    if row.contact_point_id is not None and (row.purpose == "safety" or not _told_lately(scope, row, now)):
        flag_phone(scope, row, _finding(row), people_on(scope, row.phone_digest), now)
    return True


def count_given_up(scope: ClinicScope, since: datetime) -> int:
    """How many texts since then have an end that nobody knows."""
    message = tables.message
    given_up = (message.c.end_given_up_at >= since) & message.c.state.in_(WITHOUT_END)
    found = select(func.count()).where(message.c.clinic_id == scope.clinic_id, given_up)
    return int(scope.connection.execute(found).scalar_one())


def _finding(row: AnyRow) -> Finding:
    tier, reason = (Tier.TODAY, SAFETY_UNKNOWN) if row.purpose == "safety" else (Tier.REVIEW, UNKNOWN)
    return Finding("end_unknown", "1", "delivery", tier, reason, MINUTES[tier], {})


def _told_lately(scope: ClinicScope, row: AnyRow, now: datetime) -> bool:
    """Whether the clinic heard of trouble with texts to this patient within the week."""
    flag = tables.flag
    told = select(flag.c.id).where(
        flag.c.clinic_id == scope.clinic_id,
        flag.c.patient_id == row.patient_id,
        flag.c.family == "delivery",
        flag.c.last_at > now - TOLD_AGAIN,
    )
    return scope.connection.execute(told.limit(1)).first() is not None

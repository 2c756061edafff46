"""Once a day, hold each number's days since the last look against the carrier's list, and keep what differs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.delivery import FINAL_STATUSES
from recovery_api.domain.trial import SID_PREFIX
from recovery_api.gateways.sms import CarrierUnreachable, InboundText, SentText, SmsGateway
from recovery_api.ids import new_id
from recovery_api.logs import log, warn
from recovery_api.models import tables
from recovery_api.services.follow_delivery import follow_delivery
from recovery_api.services.pace_senders import note_of_sender, sender_note
from recovery_api.services.reconcile_inbound import file_missed, known_sids, list_numbers
from recovery_api.services.set_aside import TROUBLE

NOT_BEFORE_HOUR = 2  # UTC: what was taken before midnight has left the carrier's queue, or nearly so
MARGIN = timedelta(minutes=15)
MOST_LOOKED_UP = 100
MOST_DAYS = 31  # of a longer outage, the newest
DIFFERENCES = ("only_here", "only_there", "differing")
_NOTHING: Mapping[str, int] = {}
FIRST_DAYS = 7  # of a number that was never compared, as for its missed texts


@dataclass(frozen=True, slots=True)
class CarriersDay:
    """What the carrier's list holds of one number's day; the margin around it is only there to be recognised."""

    sent: dict[str, SentText]
    received: dict[str, InboundText]
    since: datetime
    until: datetime

    def of_the_day(self) -> set[str]:
        """The ids of that day itself."""
        sent = {sid for sid, text in self.sent.items() if self.since <= text.taken_at < self.until}
        return sent | {sid for sid, text in self.received.items() if self.since <= text.received_at < self.until}


def compare_with_carrier(gateway: SmsGateway, vaults: Vaults, now: datetime) -> int:
    """Compare every day (UTC, real time) up to yesterday that was not compared yet; returns for how many numbers."""
    real = real_now()
    if real.hour < NOT_BEFORE_HOUR:
        return 0
    yesterday = real.date() - timedelta(days=1)
    return sum(_catch_up(clinic_id, number, yesterday, gateway, vaults, now) for clinic_id, number in list_numbers())


def _catch_up(
    clinic_id: UUID, number: str, yesterday: date, gateway: SmsGateway, vaults: Vaults, now: datetime
) -> bool:
    """Compare one number's days, the oldest first: where the carrier goes away, the next round goes on from there."""
    found: Counter[str] = Counter()
    try:
        with clinic_transaction(clinic_id, vaults) as scope:
            days = _missing_days(scope, number, yesterday)
        for day in days:
            found += compare_day(clinic_id, number, day, gateway, vaults, now, found)
    except CarrierUnreachable as away:
        warn("comparison.not_made", clinic_id=str(clinic_id), reason=away.reason)
        return False
    except TROUBLE as error:  # of one number: the others are compared all the same
        warn("comparison.number_stuck", clinic_id=str(clinic_id), error=type(error).__name__)
        return False
    return bool(days)


def _missing_days(scope: ClinicScope, number: str, yesterday: date) -> list[date]:
    """The days after the last one that was compared; of a number that never was, from its first text of the week on."""
    note = sender_note(scope, number)
    if note is not None and note.compared_on is not None:
        first = note.compared_on + timedelta(days=1)
    else:
        first = min(_first_text(scope, number, yesterday - timedelta(days=FIRST_DAYS - 1)) or yesterday, yesterday)
    missing = (yesterday - first).days + 1
    if missing > MOST_DAYS:
        warn("comparison.days_left_out", clinic_id=str(scope.clinic_id), count=missing - MOST_DAYS)
    return [yesterday - timedelta(days=back) for back in range(min(missing, MOST_DAYS) - 1, -1, -1)]


def _first_text(scope: ClinicScope, number: str, since: date) -> date | None:
    """The day (UTC) of the first text that left this number since then."""
    message = tables.message
    first: datetime | None = scope.connection.execute(
        select(func.min(message.c.attempted_at)).where(
            message.c.clinic_id == scope.clinic_id,
            message.c.sender_number == number,
            message.c.attempted_at >= datetime.combine(since, time(), UTC),
        )
    ).scalar()
    return first.astimezone(UTC).date() if first is not None else None


def compare_day(
    clinic_id: UUID,
    number: str,
    day: date,
    gateway: SmsGateway,
    vaults: Vaults,
    now: datetime,
    before: Mapping[str, int] = _NOTHING,
) -> Counter[str]:
    """Compare one day of one number and keep the report; returns what differs. Raises CarrierUnreachable.

    What can be mended is: a text that never came here is filed, and an end that we were not told of is followed.
    Beside the number stands what differs on this day and on those that were caught up `before` it.
    """
    there = _listed(number, day, gateway)
    with clinic_transaction(clinic_id, vaults) as scope:
        sent = scope.connection.execute(_sent(scope, number, there)).all()
        received = scope.connection.execute(_received(scope, number, there, now)).all()
        known = known_sids(scope, sorted(there.of_the_day()))
    only_there = sorted(there.of_the_day() - known)
    only_here = [
        {"message_id": str(row.id), "sid": row.sid}
        for row in (*_unlisted(sent, there.sent, gateway), *(one for one in received if one.sid not in there.received))
    ]
    differing = list(_ends_that_differ(sent, there.sent))
    _mend(clinic_id, number, only_there, differing, there, vaults, now)
    report: dict[str, Any] = {
        "here": len(sent) + len(received),
        "there": len(there.of_the_day()),
        "only_here": only_here,
        "only_there": only_there,
        "differing": [{"message_id": str(row.id), "here": row.state, "there": end.status} for row, end in differing],
    }
    counts = Counter({name: len(report[name]) for name in DIFFERENCES})
    with clinic_transaction(clinic_id, vaults) as scope:
        _keep(scope, number, day, report, now)
        totals = {name: counts[name] + before.get(name, 0) for name in DIFFERENCES}
        note_of_sender(scope, number, compared_on=day, **totals)
    _tell(clinic_id, counts, report["here"])
    return counts


def _listed(number: str, day: date, gateway: SmsGateway) -> CarriersDay:
    since = datetime.combine(day, time(), UTC)
    until = since + timedelta(days=1)
    sent = {text.sid: text for text in gateway.list_outbound(number, since - MARGIN, until + MARGIN)}
    arrived = (text for text in gateway.list_inbound(number, since - MARGIN) if text.received_at < until + MARGIN)
    return CarriersDay(sent, {text.sid: text for text in arrived}, since, until)


def _sent(scope: ClinicScope, number: str, there: CarriersDay) -> Any:
    message = tables.message
    return select(message.c.id, message.c.sid, message.c.state).where(
        message.c.clinic_id == scope.clinic_id,
        message.c.sender_number == number,
        message.c.direction == "out",
        message.c.sid.is_not(None),
        message.c.attempted_at >= there.since,
        message.c.attempted_at < there.until,
    )


def _received(scope: ClinicScope, number: str, there: CarriersDay, now: datetime) -> Any:
    message, ahead = tables.message, now - real_now()
    return select(message.c.id, message.c.sid).where(
        message.c.clinic_id == scope.clinic_id,
        message.c.sender_number == number,
        message.c.direction == "in",
        message.c.sid.not_like(f"{SID_PREFIX}%"),
        message.c.created_at >= there.since + ahead,
        message.c.created_at < there.until + ahead,
    )


def _unlisted(ours: Iterable[AnyRow], there: dict[str, SentText], gateway: SmsGateway) -> Iterable[AnyRow]:
    """Texts of ours that the list leaves out; a text that never left has no date to be listed by, so each is asked."""
    unlisted = [row for row in ours if row.sid not in there]
    for place, row in enumerate(unlisted):
        if place >= MOST_LOOKED_UP or gateway.delivery_of(row.sid) is None:
            yield row


def _ends_that_differ(ours: Iterable[AnyRow], there: dict[str, SentText]) -> Iterable[tuple[AnyRow, SentText]]:
    for row in ours:
        end = there.get(row.sid)
        if end is not None and end.status in FINAL_STATUSES and end.status != row.state:
            yield row, end


def _mend(
    clinic_id: UUID,
    number: str,
    only_there: list[str],
    differing: list[tuple[AnyRow, SentText]],
    there: CarriersDay,
    vaults: Vaults,
    now: datetime,
) -> None:
    missed = [text for sid, text in there.received.items() if sid in only_there]
    file_missed(clinic_id, number, missed, vaults, now)
    for row, end in differing:
        follow_delivery(clinic_id, row.id, row.sid, end.status, end.error_code, vaults, now)


def _keep(scope: ClinicScope, number: str, day: date, report: Mapping[str, Any], now: datetime) -> None:
    kept = tables.carrier_comparison
    row = insert(kept).values(
        clinic_id=scope.clinic_id, id=new_id(), sender_number=number, day=day, compared_at=now, **report
    )
    again = {name: row.excluded[name] for name in ("compared_at", *report)}
    scope.connection.execute(
        row.on_conflict_do_update(index_elements=["clinic_id", "sender_number", "day"], set_=again)
    )


def _tell(clinic_id: UUID, counts: Counter[str], here: int) -> None:
    if counts.total():
        warn("comparison.differs", clinic_id=str(clinic_id), count=counts.total())
    else:
        log("comparison.agrees", clinic_id=str(clinic_id), count=here)


def read_comparisons(scope: ClinicScope, since: date) -> list[AnyRow]:
    """The reports of one clinic's numbers from a day on, the newest first."""
    kept = tables.carrier_comparison
    return list(
        scope.connection.execute(
            select(kept)
            .where(kept.c.clinic_id == scope.clinic_id, kept.c.day >= since)
            .order_by(kept.c.day.desc(), kept.c.sender_number)
        )
    )

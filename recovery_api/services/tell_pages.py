"""Hand pages to their second channels: e-mail and voice, offered again until taken, or until they are needless."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.gateways.page_channel import NotNow, OutboundPage, PageChannel, PageOutcome, Refused, Taken
from recovery_api.models import tables
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.claim_work import Claim, claim_work, finish, release
from recovery_api.services.tell_people import said

MOST = 3  # a slow server may keep each of them waiting
BACK_OFF = (5, 15, 30, 60, 120)


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels that are set up, by name, and the address of the worklist that their pages name."""

    by_name: Mapping[str, PageChannel]
    link: str

    @property
    def names(self) -> frozenset[str]:
        """What a rung can be told by: texts, and whatever else is set up."""
        return frozenset(("sms", *self.by_name))


def tell_pages(holder: str, vaults: Vaults, channels: Channels, now: datetime, most: int = MOST) -> int:
    """Hand over up to `most` pages that are due; returns how many were looked at.

    The call is made while no transaction is open. One whose worker died is offered again after its lease: a page
    told twice does no harm, and one told never does.
    """
    claims = claim_work("page", holder, now, most)
    for claim in claims:
        row, page = _begin(claim, vaults, channels, now)
        if page is not None:
            channel = channels.by_name.get(row.channel)
            outcome = channel.page(page) if channel else Refused("not_set_up")
            _write(claim, row, outcome, vaults, now)
    return len(claims)


def _begin(claim: Claim, vaults: Vaults, channels: Channels, now: datetime) -> tuple[Any, OutboundPage | None]:
    """Look whether the page is still wanted; nothing is told of a flag that somebody has taken."""
    page, flag = tables.page, tables.flag
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        row = scope.connection.execute(
            select(page, flag.c.status.label("flag_status"))
            .join(flag, (flag.c.clinic_id == page.c.clinic_id) & (flag.c.id == page.c.flag_id))
            .where(page.c.clinic_id == scope.clinic_id, page.c.id == claim.row_id)
        ).one_or_none()
        ended = "needless" if row is not None and row.flag_status != "open" else None
        if row is not None and now >= row.expires_at:
            ended = "expired"
        if row is None or row.state != "planned" or ended:
            if row is not None and row.state == "planned":
                _settle(scope, row.id, ended or row.state, now)
            finish(scope.connection, "page", claim.clinic_id, claim.row_id)
            return row, None
        address = scope.vault.open("page.address", row.id, row.address_sealed)
        call_id = claim.clinic_id.hex + row.id.hex
        return row, OutboundPage(
            address, scope.name, row.tier, row.code, channels.link, row.id.hex, scope.number, call_id
        )


def _write(claim: Claim, row: AnyRow, outcome: PageOutcome, vaults: Vaults, now: datetime) -> None:
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        told = said(row.clinician_id, row.channel, row.rung)
        match outcome:
            case Taken():
                _settle(scope, row.id, "accepted", now, attempts=row.attempts + 1)
                add_event(scope, row.flag_id, "paged", now, detail=told)
            case Refused(why=why):
                _settle(scope, row.id, "rejected", now, attempts=row.attempts + 1, why=why)
                add_event(scope, row.flag_id, "page_failed", now, detail={**told, "why": why})
            case NotNow(why=why):
                wait = BACK_OFF[min(row.attempts, len(BACK_OFF) - 1)]
                _change(scope, row.id, attempts=row.attempts + 1, why=why)
                release(scope.connection, "page", claim.clinic_id, row.id, real_now() + timedelta(seconds=wait))
                return
        finish(scope.connection, "page", claim.clinic_id, claim.row_id)


def _settle(scope: ClinicScope, page_id: UUID, state: str, now: datetime, **values: Any) -> None:
    _change(scope, page_id, state=state, settled_at=now, **values)


def _change(scope: ClinicScope, page_id: UUID, **values: Any) -> None:
    page = tables.page
    scope.connection.execute(
        update(page).where(page.c.clinic_id == scope.clinic_id, page.c.id == page_id).values(**values)
    )

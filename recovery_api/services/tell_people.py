"""Tell people of a flag: a page by text, e-mail or voice for each, once a person and channel, naming no patient."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.ladder import Rung
from recovery_api.domain.page_code import page_code
from recovery_api.domain.tiers import Tier
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.find_ladder import ClinicLadder
from recovery_api.services.find_people import Person, Staff, find_staff, synthetic_staff
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts, words_of
from recovery_api.services.withdraw_texts import WAITING, withdraw_texts
from recovery_api.vault import SealBroken

PAGE_LASTS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Called:
    """A flag that calls for people: its tier, its climb and whether it is the synthetic patient's."""

    flag_id: UUID
    tier: Tier
    climb: int
    is_synthetic: bool = False

    @property
    def code(self) -> str:
        """The code on its pages."""
        return page_code(self.flag_id, self.climb)


@dataclass(frozen=True, slots=True)
class _Telling:
    person: Person
    channel: str
    address: str
    rung: int


def tell_people(
    scope: ClinicScope,
    called: Called,
    rungs: Sequence[tuple[int, Rung]],
    ladder: ClinicLadder,
    channels: Collection[str],
    now: datetime,
) -> int:
    """Tell the people of `rungs` by those of their channels that are set up; returns how many tellings stand.

    A text to the same person that says the same and has not left yet stands for the new one, and the flag's story says
    so; one that tells of another tier or climb of the flag makes way for it.
    """
    staff = synthetic_staff(scope) if called.is_synthetic else find_staff(scope, ladder, now)
    tellings = _tellings(staff, rungs, ("sms",) if called.is_synthetic else channels)
    texts = [one for one in tellings if one.channel == "sms"]
    waiting = _waiting(scope, called, texts, now) if texts else set()
    _text(scope, called, [one for one in texts if one.person.clinician_id not in waiting], now)
    for one in texts:
        if one.person.clinician_id in waiting:
            _say_paged(scope, called, one, now, waits=True)
    _page(scope, called, [one for one in tellings if one.channel != "sms"], now)
    if not tellings:
        add_event(scope, called.flag_id, "nobody_told", now, detail={"rungs": [number for number, _ in rungs]})
    return len(tellings)


def _tellings(staff: Staff, rungs: Sequence[tuple[int, Rung]], channels: Collection[str]) -> list[_Telling]:
    found: dict[tuple[str, str], _Telling] = {}
    for number, rung in rungs:
        usable = [channel for channel in rung.by if channel in channels] or ["sms"]
        for person in staff.audience(rung.tell, usable):
            for channel in usable:
                address = person.address(channel)
                if address:
                    found.setdefault((channel, address), _Telling(person, channel, address, number))
    return list(found.values())


def _waiting(scope: ClinicScope, called: Called, tellings: Sequence[_Telling], now: datetime) -> set[UUID | None]:
    """Whose page of this tier and climb still waits to leave; what else waits for the same people is withdrawn."""
    scope.flush()
    message = tables.message
    waiting = scope.connection.execute(
        select(message.c.id, message.c.clinician_id, message.c.body_sealed).where(
            message.c.clinic_id == scope.clinic_id,
            message.c.state.in_(WAITING),
            message.c.flag_id == called.flag_id,
            message.c.purpose == "page",
        )
    ).all()
    if not waiting:
        return set()
    _, wanted = words_of(scope, _outgoing(called, tellings[0]))
    standing = {row.id: row.clinician_id for row in waiting if _says(scope, row, wanted)}
    told = {one.person.clinician_id for one in tellings}
    withdraw_texts(scope, [row.id for row in waiting if row.id not in standing and row.clinician_id in told], now)
    return set(standing.values())


def _says(scope: ClinicScope, row: AnyRow, wanted: str) -> bool:
    try:
        return scope.vault.open("message.body", row.id, row.body_sealed) == wanted
    except SealBroken:  # it could not leave either
        return False


def withdraw_calls(scope: ClinicScope, flag_id: UUID, now: datetime) -> None:
    """No text that calls for a flag leaves any more: somebody did something with it, and its climb is over."""
    message = tables.message
    waiting = select(message.c.id).where(
        message.c.clinic_id == scope.clinic_id,
        message.c.state.in_(WAITING),
        message.c.flag_id == flag_id,
        message.c.text_key == "page_clinician",
    )
    withdraw_texts(scope, scope.connection.execute(waiting).scalars().all(), now)


def _outgoing(called: Called, telling: _Telling) -> Outgoing:
    return Outgoing(
        recipient=Recipient(phone=telling.address, language="en", clinician_id=telling.person.clinician_id),
        purpose="page",
        text_key="page_clinician",
        values={"tier": called.tier, "code": called.code},
        flag_id=called.flag_id,
    )


def _text(scope: ClinicScope, called: Called, tellings: Sequence[_Telling], now: datetime) -> None:
    queue_texts(scope, [_outgoing(called, one) for one in tellings], now)
    for one in tellings:
        _say_paged(scope, called, one, now)


def _say_paged(scope: ClinicScope, called: Called, telling: _Telling, now: datetime, **more: object) -> None:
    """One text of a rung in the flag's story; `waits` where the text of an earlier rung stands for it."""
    detail = said(telling.person.clinician_id, "sms", telling.rung) | more
    add_event(scope, called.flag_id, "paged", now, detail=detail)


def said(clinician_id: UUID | None, channel: str, rung: int) -> dict[str, object]:
    """What the story keeps of one telling."""
    return {"clinician_id": str(clinician_id) if clinician_id else None, "channel": channel, "rung": rung}


def _page(scope: ClinicScope, called: Called, tellings: Sequence[_Telling], now: datetime) -> None:
    for one in tellings:
        page_id = new_id()
        row = {
            "clinic_id": scope.clinic_id,
            "id": page_id,
            "flag_id": called.flag_id,
            "clinician_id": one.person.clinician_id,
            "rung": one.rung,
            "channel": one.channel,
            "address_sealed": scope.seal("page.address", page_id, one.address),
            "tier": called.tier,
            "code": called.code,
            "created_at": now,
            "expires_at": now + PAGE_LASTS,
        }
        scope.write_late(tables.page, [row])
        work = {"clinic_id": scope.clinic_id, "kind": "page", "row_id": page_id, "due_at": now, "priority": 1}
        scope.write_late(tables.due_work, [{**work, "held_until": real_now()}])

"""A page by voice: what is said to the clinician who picks up, and what a key does to the flag."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.call_words import spelled
from recovery_api.domain.errors import Conflict, NotFound
from recovery_api.domain.page_code import page_code
from recovery_api.models import tables
from recovery_api.packs.call_pack import call_pack
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.answer_flags import Deed, acknowledge_flag
from recovery_api.services.tell_people import said

LANGUAGE = "en"
TAKE, LEAVE = "1", "2"
TIMES = 3  # the question is asked so often
NOBODY = {"busy": "busy", "no-answer": "no_answer", "failed": "failed", "canceled": "failed"}


@dataclass(frozen=True, slots=True)
class PageWords:
    """What a call says: words that end it, or a question for a key."""

    voice: str
    told: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


def open_page_call(clinic_id: UUID, page_id: UUID, answered_by: str, vaults: Vaults) -> PageWords:
    """The first words. A machine hears that a flag waits, no more. Raises NotFound where there is no such page."""
    with clinic_transaction(clinic_id, vaults) as scope:
        page = _page(scope, page_id)
        if answered_by.startswith(("machine", "fax")):
            return _words(scope, page, "page_machine")
        if not _waits(page):
            return _words(scope, page, "page_gone")
        return _ask(scope, page) if page.clinician_id else _words(scope, page, "page_resort")


def hear_page_key(clinic_id: UUID, page_id: UUID, step: int, digits: str, vaults: Vaults, now: datetime) -> PageWords:
    """A key, or silence, in answer to the question. The flag is taken once, whatever is repeated. Raises NotFound."""
    with clinic_transaction(clinic_id, vaults) as scope:
        page = _page(scope, page_id)
        if digits == TAKE and page.clinician_id is not None:
            return _words(scope, page, "page_taken" if _take(scope, page, now) else "page_gone")
        if digits == LEAVE or step + 1 >= TIMES:
            return _words(scope, page, "page_left")
        return _ask(scope, page)


def follow_page_call(clinic_id: UUID, page_id: UUID, status: str, vaults: Vaults, now: datetime) -> None:
    """How the call ended: one that nobody took is said in the flag's story, once. Raises NotFound."""
    why = NOBODY.get(status)
    if why is None:
        return
    with clinic_transaction(clinic_id, vaults) as scope:
        page = _page(scope, page_id)
        if page.why == why:
            return
        table = tables.page
        mine = (table.c.clinic_id == scope.clinic_id) & (table.c.id == page_id)
        scope.connection.execute(update(table).where(mine).values(why=why))
        told = said(page.clinician_id, page.channel, page.rung)
        add_event(scope, page.flag_id, "page_failed", now, detail={**told, "why": why})


def _take(scope: ClinicScope, page: AnyRow, now: datetime) -> bool:
    """Whether the flag is this clinician's now; the key pressed again finds it so."""
    if page.owner_id == page.clinician_id and page.status == "acknowledged":
        return True
    if not _waits(page):
        return False
    try:
        acknowledge_flag(scope, Deed(page.clinician_id, page.flag_id, None), now)
    except (Conflict, NotFound):
        return False
    return True


def _waits(page: AnyRow) -> bool:
    """Whether nobody has the flag, and it calls for what this page told of."""
    return bool(page.status == "open" and page_code(page.flag_id, page.climb) == page.code)


def _page(scope: ClinicScope, page_id: UUID) -> AnyRow:
    table, flag = tables.page, tables.flag
    row = scope.connection.execute(
        select(table, flag.c.status, flag.c.climb, flag.c.owner_id)
        .join(flag, (flag.c.clinic_id == table.c.clinic_id) & (flag.c.id == table.c.flag_id))
        .where(table.c.clinic_id == scope.clinic_id, table.c.id == page_id, table.c.channel == "voice")
        .with_for_update(of=table)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such page.")
    return row


def _ask(scope: ClinicScope, page: AnyRow) -> PageWords:
    return PageWords(call_pack().voice(LANGUAGE), asked=(_say(scope, page, "page"),))


def _words(scope: ClinicScope, page: AnyRow, key: str) -> PageWords:
    return PageWords(call_pack().voice(LANGUAGE), told=(_say(scope, page, key),))


def _say(scope: ClinicScope, page: AnyRow, key: str) -> str:
    values: dict[str, Any] = {"clinic": scope.name, "tier": page.tier, "phone": spelled(scope.phone)}
    return call_pack().texts.render(key, LANGUAGE, values)

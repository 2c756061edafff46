"""The texts of the clinic at hand: the shipped pack, and over it the clinic's own wording that two people signed."""

from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.messages import MessagePack, placeholders
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.packs.texts import message_pack

_MOST_KEPT = 1024
_kept: dict[UUID, tuple[int, MessagePack]] = {}
_lock = Lock()


def texts_of(scope: ClinicScope) -> MessagePack:
    """The pack that this clinic's texts are rendered from, as of the version that came with its row.

    It asks the database nothing where a clinic has no wording of its own, and once a process for each version of one
    that has.
    """
    if scope.texts_version == 0:
        return message_pack()
    known = _kept.get(scope.clinic_id)
    if known is not None and known[0] == scope.texts_version:
        return known[1]
    pack = _read(scope)
    with _lock:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[scope.clinic_id] = (scope.texts_version, pack)
    return pack


def _read(scope: ClinicScope) -> MessagePack:
    shipped = message_pack()
    last = {(row.language, row.text_key): row for row in scope.connection.execute(_signed(scope))}
    own = {place: row.body for place, row in last.items() if row.body is not None and _fits(scope, row, shipped)}
    return shipped.with_own(f"{shipped.version}+{scope.texts_version}", own)


def _fits(scope: ClinicScope, row: Any, shipped: MessagePack) -> bool:
    """Whether the product still sends this text with these values; words signed for an older pack may not."""
    known = row.language in shipped.languages and row.text_key in shipped.keys(row.language)
    if known and placeholders(row.body) == placeholders(shipped.text(row.text_key, row.language)):
        return True
    warn("texts.own_wording_left_out", clinic_id=str(scope.clinic_id), code=row.text_key, reason=str(row.id))
    return False


def _signed(scope: ClinicScope) -> Any:
    """Every signed wording that is no newer than the version at hand, the last of each text last."""
    wording, decision = tables.wording, tables.wording_decision
    return (
        select(wording.c.id, wording.c.text_key, wording.c.language, wording.c.body)
        .join(decision, (decision.c.clinic_id == wording.c.clinic_id) & (decision.c.wording_id == wording.c.id))
        .where(wording.c.clinic_id == scope.clinic_id, decision.c.texts_version <= scope.texts_version)
        .order_by(decision.c.texts_version)
    )

"""Push first, text later: who has an app is pushed, and the text waits until somebody has read it or time is up."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.queue_texts import Outgoing, queue_texts

KIND = "push"
TEXT_AFTER = timedelta(minutes=30)
_PRIORITY = 5
BY_TEXT_ALONE = frozenset({"thinner"})  # questions that no screen of an app asks: read there, they had no answer


def push_first(scope: ClinicScope, texts: Sequence[Outgoing], platforms: Collection[str], now: datetime) -> None:
    """Queue reminders as texts; those to a patient with an app are pushed at once, and wait where there is time."""
    own = {text.recipient.patient_id for text in texts if text.recipient.whose == "patient"}
    reached = _devices(scope, {patient_id for patient_id in own if patient_id is not None}, platforms)
    devices = [_to_push(text, reached, now) for text in texts]
    due = [
        replace(text, due_at=now + TEXT_AFTER) if found else text for text, found in zip(texts, devices, strict=True)
    ]
    for message_id, text, found in zip(queue_texts(scope, due, now), due, devices, strict=True):
        if found and text.recipient.patient_id is not None:
            _queue(scope, text.recipient.patient_id, message_id, found, now)


def _to_push(text: Outgoing, reached: Mapping[UUID, Sequence[UUID]], now: datetime) -> Sequence[UUID]:
    to = text.recipient
    has_time = text.expires_at is not None and now + TEXT_AFTER < text.expires_at
    if text.question in BY_TEXT_ALONE or not has_time or to.whose != "patient" or to.patient_id is None:
        return ()
    return reached.get(to.patient_id, ())


def _devices(scope: ClinicScope, patient_ids: Collection[UUID], platforms: Collection[str]) -> dict[UUID, list[UUID]]:
    """The living devices of each patient that can be reached by one of these platforms."""
    if not platforms or not patient_ids:
        return {}
    device, found = tables.device, defaultdict(list)
    rows = scope.connection.execute(
        select(device.c.patient_id, device.c.id).where(
            device.c.clinic_id == scope.clinic_id,
            device.c.patient_id.in_(patient_ids),
            device.c.platform.in_(platforms),
            device.c.push_token_sealed.is_not(None),
            device.c.revoked_at.is_(None),
        )
    )
    for row in rows:
        found[row.patient_id].append(row.id)
    return dict(found)


def _queue(scope: ClinicScope, patient_id: UUID, message_id: UUID, device_ids: Sequence[UUID], now: datetime) -> None:
    ids = [new_id() for _ in device_ids]
    common = {"clinic_id": scope.clinic_id, "patient_id": patient_id, "message_id": message_id}
    pushes = [
        {**common, "id": push_id, "device_id": device_id, "created_at": now, "expires_at": now + TEXT_AFTER}
        for push_id, device_id in zip(ids, device_ids, strict=True)
    ]
    work = {"clinic_id": scope.clinic_id, "kind": KIND, "due_at": now, "priority": _PRIORITY, "held_until": real_now()}
    scope.write_late(tables.push, pushes)
    scope.write_late(tables.due_work, [{**work, "row_id": push_id} for push_id in ids])

"""Answer a call: one step of its conversation, committed before the carrier hears the next words."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as insert_once

from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction, enter_clinic_of_number, open_transaction
from recovery_api.domain.call_script import Deed, Place, Talk, begin_in, begin_out, hear, hear_dialed, judge
from recovery_api.domain.check_in import local_day
from recovery_api.domain.errors import NotFound
from recovery_api.domain.tiers import worst
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.call_pack import call_pack
from recovery_api.services.act_on_keys import act_on, join_by_key
from recovery_api.services.claim_work import finish
from recovery_api.services.end_call import end_call
from recovery_api.services.find_lines import Line, find_line, find_lines
from recovery_api.services.queue_calls import KIND
from recovery_api.services.say_how_soon import hours_until_call
from recovery_api.services.speak_call import Spoken, speak

MOST_PEOPLE = 9


@dataclass(frozen=True, slots=True)
class Keys:
    """What came back from a question: `digits`, empty for silence, or how an attempt to put through ended."""

    step: int
    digits: str = ""
    dialed: str | None = None


def answer_out(clinic_id: UUID, call_id: UUID, sid: str, answered_by: str, vaults: Vaults, now: datetime) -> Spoken:
    """Somebody, or a machine, picked up a call of ours. Raises NotFound where there is no such call.

    A second call for one planned item, should the carrier ever make one, is ended without a word.
    """
    with clinic_transaction(clinic_id, vaults) as scope:
        call = _lock(scope, call_id)
        if call.direction != "out":
            raise NotFound("There is no such call.")
        if call.sid not in (None, sid) or call.contact_point_id is None:
            return Spoken(clinic_id, call_id, 0, call_pack().voice(call.language))
        line = find_line(scope, call.contact_point_id)
        if call.answered_at is None and call.ended_at is None:
            talk = begin_out(answered_by)
            first = {"sid": sid, "answered_by": answered_by, "answered_at": now}
            call = _keep(scope, call, talk, 0, now, state="under_way", **first)
            finish(scope.connection, KIND, clinic_id, call_id)
        return speak(scope, call_id, call.step, Talk.from_json(call.talk), call.language, [line])


def answer_in(number: str, caller: str, sid: str, vaults: Vaults, now: datetime) -> Spoken:
    """A phone calls one of our numbers. Raises NotFound where the number is no clinic's."""
    with open_transaction() as connection:
        scope = enter_clinic_of_number(connection, number, vaults)
        digest = scope.phone_digest(caller)
        lines = find_lines(scope, digest)[:MOST_PEOPLE]
        talk = replace(begin_in(len(lines)), listed=_listed(lines))
        _take_in(scope, digest, sid, talk, lines, now)
        call = _lock_sid(scope, sid)
        return speak(scope, call.id, call.step, Talk.from_json(call.talk), call.language, lines)


def _take_in(scope: ClinicScope, digest: bytes, sid: str, talk: Talk, lines: list[Line], now: datetime) -> None:
    """File an incoming call once, whatever the carrier repeats."""
    row = {
        "clinic_id": scope.clinic_id,
        "id": new_id(),
        "direction": "in",
        "state": "under_way",
        "sid": sid,
        "phone_digest": digest,
        "our_number": scope.number,
        "language": lines[0].language if lines else "en",
        "created_at": now,
        "answered_at": now,
        "talk": talk.as_json(),
        **(_of(lines[0], now) if len(lines) == 1 else {}),
    }
    known = insert_once(tables.phone_call).values(row).on_conflict_do_nothing(index_elements=["clinic_id", "sid"])
    scope.connection.execute(known)


def _of(line: Line, now: datetime) -> dict[str, Any]:
    return {
        "contact_point_id": line.contact_point_id,
        "patient_id": line.patient_id,
        "episode_id": line.recovery.episode_id if line.recovery else None,
        "language": line.language,
        "asked_on": local_day(now, line.zone),
    }


def hear_keys(clinic_id: UUID, call_id: UUID, sid: str, keys: Keys, vaults: Vaults, now: datetime) -> Spoken:
    """One step of a conversation. A repeated step changes nothing and hears the same words again. Raises NotFound."""
    with clinic_transaction(clinic_id, vaults) as scope:
        call = _lock(scope, call_id)
        if call.sid != sid or not call.talk:
            raise NotFound("There is no such call.")
        lines = _people(scope, call)
        if keys.step == call.step and call.ended_at is None:
            call, lines = _advance(scope, call, lines, keys, now)
        return speak(scope, call_id, call.step, Talk.from_json(call.talk), call.language, lines)


def _people(scope: ClinicScope, call: AnyRow) -> list[Line]:
    if call.contact_point_id is not None:
        return [find_line(scope, call.contact_point_id)]
    return find_lines(scope, call.phone_digest)[:MOST_PEOPLE]


def _advance(
    scope: ClinicScope, call: AnyRow, lines: list[Line], keys: Keys, now: datetime
) -> tuple[AnyRow, list[Line]]:
    before = Talk.from_json(call.talk)
    chosen: dict[str, Any] = {}
    talk, deed = hear_dialed(before, keys.dialed == "completed") if keys.dialed else hear(before, keys.digits)
    if talk.person and not before.person:
        talk, lines, chosen = _choose(talk, lines, now)
    if before.place is Place.WHO and talk.place is Place.PAIN:
        join_by_key(scope, lines[0], now)
    talk = _judged(scope, call, talk, deed, lines, now)
    return _keep(scope, call, talk, call.step + 1, now, **chosen), lines


def _choose(talk: Talk, lines: list[Line], now: datetime) -> tuple[Talk, list[Line], dict[str, Any]]:
    """The person that a shared phone named; where its people changed meanwhile, the clinic is asked to sort it out."""
    if _listed(lines) != talk.listed:
        return replace(talk, place=Place.TRANSFER, said=("connecting",), person=0), lines, {}
    line = lines[talk.person - 1]
    return talk, [line], _of(line, now)


def _listed(lines: list[Line]) -> tuple[str, ...]:
    return tuple(str(line.contact_point_id) for line in lines)


def _judged(scope: ClinicScope, call: AnyRow, talk: Talk, deed: Deed | None, lines: list[Line], now: datetime) -> Talk:
    known = lines[0] if call.contact_point_id is not None else None
    findings = act_on(scope, call, talk, deed, known, now) if deed is not None else ()
    judged = judge(talk, worst(*(finding.tier for finding in findings)))
    if judged.tier is talk.tier or judged.tier is None:
        return judged
    return replace(judged, hours=int(hours_until_call(scope, judged.tier, findings, now)))


def _keep(scope: ClinicScope, call: AnyRow, talk: Talk, step: int, now: datetime, **values: Any) -> AnyRow:
    """Write where the conversation stands; at its end, what follows from how it ended."""
    table = tables.phone_call
    kept: AnyRow = scope.connection.execute(
        update(table)
        .where(table.c.clinic_id == scope.clinic_id, table.c.id == call.id)
        .values(talk=talk.as_json(), step=step, **values)
        .returning(table)
    ).one()
    if talk.place is Place.END:
        end_call(scope, kept, talk, talk.outcome or "finished", now)
    return kept


def _lock(scope: ClinicScope, call_id: UUID) -> AnyRow:
    table = tables.phone_call
    found = scope.connection.execute(
        select(table).where(table.c.clinic_id == scope.clinic_id, table.c.id == call_id).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such call.")
    return found


def _lock_sid(scope: ClinicScope, sid: str) -> AnyRow:
    table = tables.phone_call
    return scope.connection.execute(
        select(table).where(table.c.clinic_id == scope.clinic_id, table.c.sid == sid).with_for_update()
    ).one()

"""Watch that every part which a text or a call needs is there: its words, a zone, a number, somebody to tell."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select, union

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import RecoveryError
from recovery_api.domain.protocol import read_protocol
from recovery_api.models import tables
from recovery_api.packs.protocol_pack import check_texts, protocol_pack
from recovery_api.services.clinic_texts import texts_of
from recovery_api.services.find_ladder import ClinicLadder
from recovery_api.services.find_people import find_staff
from recovery_api.services.read_phone import is_emergency_number, is_whole_number
from recovery_api.services.set_aside import ASIDE

NOT_A_ZONE = (ValueError, LookupError, OSError)


def broken_parts(scope: ClinicScope, ladder: ClinicLadder, now: datetime) -> dict[str, int]:
    """How many texts, zones, numbers and people are broken or missing in a clinic that has patients in recovery."""
    counts = {"texts": _texts(scope) + _set_aside(scope, now), "zones": _zones(scope)}
    if _has_patients(scope):
        counts |= {"numbers": _numbers(scope), "people": int(not _has_people(scope, ladder, now))}
    return {"texts": 0, "zones": 0, "numbers": 0, "people": 0} | counts


def _texts(scope: ClinicScope) -> int:
    """Protocols of the clinic that cannot be read, or whose texts are not there with all their values."""
    protocol = tables.protocol
    rows = scope.connection.execute(
        select(protocol.c.version, protocol.c.name, protocol.c.content).where(protocol.c.clinic_id == scope.clinic_id)
    ).all()
    return sum(not _is_sound(scope, row) for row in rows)


def _is_sound(scope: ClinicScope, row: AnyRow) -> bool:
    """Read afresh each time: what a process keeps of a protocol may be sounder than what the next one will find."""
    shipped = protocol_pack()
    try:
        protocol = shipped if row.version == shipped.version else read_protocol(row.content, row.name)
        check_texts(protocol, row.name, texts_of(scope))
    except RecoveryError:
        return False
    return True


def _set_aside(scope: ClinicScope, now: datetime) -> int:
    """Due work that could not be done, as a reminder whose words are gone, and waits to be tried again."""
    work = tables.due_work
    chosen = select(func.count()).where(
        work.c.kind.in_(("reminder", "unanswered", "rung")),
        work.c.clinic_id == scope.clinic_id,
        work.c.due_at <= now,
        work.c.holder == ASIDE,
    )
    return int(scope.connection.execute(chosen).scalar_one())


def _zones(scope: ClinicScope) -> int:
    """Zones of patients and of plans in force that no clock knows."""
    patient, plan = tables.patient, tables.care_plan
    used = union(
        select(patient.c.zone).where(patient.c.clinic_id == scope.clinic_id, patient.c.status == "active"),
        select(plan.c.zone).where(plan.c.clinic_id == scope.clinic_id, plan.c.replaced_at.is_(None)),
    )
    return len(unknown_zones(scope.connection.execute(used).scalars()))


def unknown_zones(names: Iterable[str]) -> Sequence[str]:
    """Those that are no time zones."""
    return [name for name in names if not _is_zone(name)]


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except NOT_A_ZONE:
        return False
    return True


def _has_patients(scope: ClinicScope) -> bool:
    episode, patient = tables.episode, tables.patient
    real = exists().where(
        patient.c.clinic_id == episode.c.clinic_id, patient.c.id == episode.c.patient_id, ~patient.c.is_synthetic
    )
    running = select(episode.c.id).where(
        episode.c.clinic_id == scope.clinic_id, episode.c.status.in_(("active", "on_hold")), real
    )
    return scope.connection.execute(running.limit(1)).first() is not None


def _numbers(scope: ClinicScope) -> int:
    """Numbers that nobody can text from, call, or dial in an emergency."""
    sound = [is_whole_number(scope.number or ""), is_whole_number(scope.phone)]
    return [*sound, is_emergency_number(scope.emergency_number)].count(False)


def _has_people(scope: ClinicScope, ladder: ClinicLadder, now: datetime) -> bool:
    """Whether a flag would reach anybody at all on the last rung of its ladder."""
    return bool(find_staff(scope, ladder, now).audience("last_resort", ("sms", "email")))

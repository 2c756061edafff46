"""Report a check-in from an app or a nurse's keyboard: once for each client_id, for ever, corrected by versions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, literal_column, select, true

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.check_in import CheckInFacts, local_day
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.domain.lateness import bounded_recorded_at, moved_from
from recovery_api.domain.replies import READER_VERSION
from recovery_api.models import tables
from recovery_api.packs.reading import reply_reader
from recovery_api.prepared import Prepared, together
from recovery_api.services.find_recovery import (
    OF_PATIENT,
    RUNNING_OF_PATIENT,
    RunningRecovery,
    find_recovery,
    find_recovery_of,
    newest_running,
    recovery_in,
)
from recovery_api.services.read_check_ins import CheckInRead, as_stored, read_check_in
from recovery_api.services.read_history import READING, latest_versions
from recovery_api.services.receive_sms import without_quotes
from recovery_api.services.record_audit import Actor
from recovery_api.services.record_check_in import Report, record_check_in

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Submission:
    """A report as it was sent: the facts, its id where the sender made one, and its time with the sender's offset.

    `advise_in` is the language that the sender reads at the moment; the patient's own where it is None.
    """

    facts: CheckInFacts
    recorded_at: datetime
    local_on: date | None
    client_id: UUID | None
    channel: str
    actor: Actor
    answered_by: str = "patient"
    advise_in: str | None = None

    @property
    def day(self) -> date:
        """The calendar day that it reports on. Raises Invalid where that is far from the time it was recorded at."""
        recorded_on = self.recorded_at.date()
        if self.local_on is not None and abs(self.local_on - recorded_on) > _A_DAY:
            raise Invalid("is more than a day from recorded_at", field="local_date")
        return self.local_on or recorded_on


@dataclass(frozen=True, slots=True)
class Reported:
    """A stored report, and whether this call stored it."""

    check_in: CheckInRead
    is_new: bool


def report_check_in(
    scope: ClinicScope, patient_id: UUID, sent: Submission, now: datetime, episode_id: UUID | None = None
) -> Reported:
    """Record what was sent, in the recovery that is running or the one named, or find it again.

    Raises Invalid, NotFound where no recovery is running, or Conflict where its id was used for other facts.
    """
    with together(scope.connection):  # in this order: what is read was stored before it was this report's turn
        _TURN.run(scope.connection, {"clinic": scope.clinic_id, "patient": patient_id})
        values = {"clinic": scope.clinic_id, "patient": patient_id}
        standing_asked = _STANDING.ask(scope.connection, values | {"client_id": sent.client_id})
        history_asked = _HISTORY.ask(scope.connection, values)
    standing = standing_asked.first()
    known = _known(scope, standing, sent)
    if known is not None:
        return Reported(known, is_new=False)
    if episode_id is not None:
        running = find_recovery_of(scope, episode_id)
    else:
        running = recovery_in(standing)
        history = latest_versions(history_asked.rows())
        running = replace(running, recovery=replace(running.recovery, history=history))
    recorded = record_check_in(scope, running.recovery, _report(running, sent, now), now)
    return Reported(as_stored(scope, recorded.row), is_new=True)


def correct_check_in(
    scope: ClinicScope, patient_id: UUID, check_in_id: UUID, sent: Submission, now: datetime
) -> Reported:
    """Add a version with the facts as they should have been, at the time of the first; the old one stays.

    A correction that was stored already, or that changes nothing, is found again. Raises NotFound or Conflict.
    """
    take_turn(scope, patient_id)
    running = find_recovery(scope, patient_id)
    versions = _versions(scope, running, check_in_id)
    first, last = versions[0], versions[-1]
    own_id = sent.client_id if sent.client_id != first.client_id else None
    report = replace(
        _report(running, sent, now),
        client_id=own_id,
        recorded_at=first.recorded_at,
        claimed_at=None,
        claimed_on=None,
        local_on=first.local_on,
        corrects=check_in_id,
        version=last.version + 1,
    )
    known = next((row for row in versions if own_id is not None and row.client_id == own_id), None)
    if known is not None and not _says(known, report):
        raise Conflict("This client_id was used for other facts.", field="client_id")
    if known is None and _says(last, report):
        known = last
    if known is not None:
        return Reported(read_check_in(scope, check_in_id, known.version), is_new=False)
    recorded = record_check_in(scope, running.recovery, report, now)
    return Reported(as_stored(scope, recorded.row), is_new=True)


_patient, _episode, _check_in = tables.patient, tables.episode, tables.check_in
_TURN = Prepared(
    select(_patient.c.id)
    .where(_patient.c.clinic_id == bindparam("clinic"), _patient.c.id == bindparam("patient"))
    .with_for_update(key_share=True)
)
_known_one = (
    select(_check_in.c.id, _check_in.c.facts_digest)
    .join(_episode, (_episode.c.clinic_id == _check_in.c.clinic_id) & (_episode.c.id == _check_in.c.episode_id))
    .where(
        _check_in.c.clinic_id == bindparam("clinic"),
        _episode.c.patient_id == bindparam("patient"),
        _check_in.c.client_id == bindparam("client_id"),
        _check_in.c.version == literal_column("1"),
    )
    .subquery("known")
)
_running = RUNNING_OF_PATIENT.subquery("running")
_always = select(literal_column("1").label("there")).subquery("always")
# The report that has this id already, from whichever recovery, beside the recovery that is running; either may lack.
_STANDING = Prepared(
    select(_known_one.c.id.label("known_id"), _known_one.c.facts_digest.label("known_digest"), _running).select_from(
        _always.outerjoin(_known_one, true()).outerjoin(_running, true())
    )
)
_HISTORY = Prepared(
    select(*READING).where(
        _check_in.c.clinic_id == bindparam("clinic"),
        _check_in.c.episode_id == newest_running(OF_PATIENT, _episode.c.id).scalar_subquery(),
    )
)


def reported_at(scope: ClinicScope, patient_id: UUID, client_id: UUID) -> datetime | None:
    """When the report with this id was made, once no other of this patient is on its way; None where there is none.

    A form has no time of its own: sent again with the time of its first report, it is the same report.
    """
    take_turn(scope, patient_id)
    return scope.connection.execute(
        select(_check_in.c.recorded_at)
        .join(_episode, (_episode.c.clinic_id == _check_in.c.clinic_id) & (_episode.c.id == _check_in.c.episode_id))
        .where(
            _check_in.c.clinic_id == scope.clinic_id,
            _episode.c.patient_id == patient_id,
            _check_in.c.client_id == client_id,
            _check_in.c.version == 1,
        )
    ).scalar_one_or_none()


def take_turn(scope: ClinicScope, patient_id: UUID) -> None:
    """Wait until no other report of this patient is on its way, so that an id is looked up after it was stored."""
    _TURN.run(scope.connection, {"clinic": scope.clinic_id, "patient": patient_id})


def _known(scope: ClinicScope, standing: AnyRow, sent: Submission) -> CheckInRead | None:
    """The report that has this id already. Raises Conflict where it says something else."""
    if standing.known_id is None:
        return None
    if bytes(standing.known_digest) != sent.facts.digest(sent.recorded_at, sent.day):
        raise Conflict("This client_id was used for other facts.", field="client_id")
    return read_check_in(scope, standing.known_id, 1)


def _versions(scope: ClinicScope, running: RunningRecovery, check_in_id: UUID) -> Sequence[AnyRow]:
    check_in = tables.check_in
    rows = scope.connection.execute(
        select(check_in)
        .where(
            check_in.c.clinic_id == scope.clinic_id,
            check_in.c.id == check_in_id,
            check_in.c.episode_id == running.recovery.episode_id,
        )
        .order_by(check_in.c.version)
    ).all()
    if not rows:
        raise NotFound("There is no such check-in in the recovery that is running.")
    return rows


def _says(row: AnyRow, report: Report) -> bool:
    return bytes(row.facts_digest) == report.digest()


def _report(running: RunningRecovery, sent: Submission, now: datetime) -> Report:
    """The report as the common road takes it; danger in the note's own words counts like danger in a text."""
    recorded_at = bounded_recorded_at(sent.recorded_at, now)
    moved = moved_from(sent.recorded_at, recorded_at) is not None
    words = reply_reader().read(sent.facts.note, "any", running.language) if sent.facts.note else None
    return Report(
        facts=sent.facts,
        channel=sent.channel,
        recorded_at=recorded_at,
        local_on=local_day(recorded_at, running.zone) if moved else sent.day,
        answered_by=sent.answered_by,
        actor=sent.actor,
        client_id=sent.client_id,
        quote=sent.facts.note,
        words_tier=words.tier if words else None,
        words_because=without_quotes(words.because) if words and words.tier else "",
        reader_version=READER_VERSION if words else None,
        claimed_at=sent.recorded_at,
        claimed_on=sent.day,
        advise_in=sent.advise_in or running.language,
    )

"""Open a web check-in by its link: looking spends nothing, the year of birth does, and five tries end the link."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, select, update

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, enter_clinic, open_transaction
from recovery_api.models import tables
from recovery_api.services.credentials import digest_of, identify, issue
from recovery_api.services.record_audit import Actor, record_audit

TRIES_OF_YEAR = 5


@dataclass(frozen=True, slots=True)
class Door:
    """What may be seen before the year of birth: the clinic, whom to call, and the language of the reader.

    `year` is the year that the demo gives away; None everywhere else. `asks` is what the link is for.
    """

    clinic_name: str
    clinic_phone: str
    emergency_number: str
    language: str
    year: int | None = None
    asks: str = "check_in"


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of a try: the secret of the session, or how many tries are left."""

    session: str | None
    tries_left: int


def look_at_link(secret: str, vaults: Vaults, *, is_demo: bool = False) -> Door | None:
    """What stands behind a link; None where it is unknown, old, used or locked, which all look alike."""
    with open_transaction() as connection:
        found = _find(connection, secret, vaults)
        if found is None or found[1].tries >= TRIES_OF_YEAR:
            return None
        scope, row = found
        year = _born_on(scope, row.patient_id).year if is_demo else None
        return Door(scope.name, scope.phone, scope.emergency_number, row.language, year, row.asks)


def open_link(secret: str, year: int, language: str, vaults: Vaults, now: datetime) -> Opened | None:
    """Spend the link on a session, where the year is the patient's; None where the link is worth nothing.

    The try counts in the statement that allows it, so that of many at once five are looked at.
    """
    with open_transaction() as connection:
        found = _find(connection, secret, vaults)
        row = _one_try(found[0], found[1].id) if found else None
        if found is None or row is None:
            return None
        scope = found[0]
        if _born_on(scope, row.patient_id).year != year:
            return Opened(None, TRIES_OF_YEAR - row.tries)
        session = _begin_session(scope, row, digest_of(secret), language, now)
        later = vaults.data_key.successor(session, "web_later")
        issue(connection, "web_later", scope.clinic_id, row.id, secret=later)
        return Opened(session, 0)


def belong_together(link: str, session: str) -> bool:
    """Whether this session was opened by this link: who taps it again goes on where they were."""
    credential = tables.credential
    with open_transaction() as connection:
        bearer = identify(connection, "web_session", session)
        opened = select(credential.c.subject_id).where(
            credential.c.digest == digest_of(link), credential.c.kind == "web_link"
        )
        return bearer is not None and connection.execute(opened).scalar() == bearer.subject_id


def _find(connection: Connection, secret: str, vaults: Vaults) -> tuple[ClinicScope, AnyRow] | None:
    bearer = identify(connection, "web_link", secret)
    if bearer is None:
        return None
    scope = enter_clinic(connection, bearer.clinic_id, vaults)
    row = _check_in(scope, bearer.subject_id)
    return (scope, row) if row is not None else None


def _check_in(scope: ClinicScope, row_id: UUID) -> AnyRow | None:
    """The row of the link, while its patient is one of the clinic's and the recovery has not ended."""
    web, patient, episode = tables.web_check_in, tables.patient, tables.episode
    return scope.connection.execute(
        select(web)
        .join(patient, (patient.c.clinic_id == web.c.clinic_id) & (patient.c.id == web.c.patient_id))
        .join(episode, (episode.c.clinic_id == web.c.clinic_id) & (episode.c.id == web.c.episode_id))
        .where(
            web.c.clinic_id == scope.clinic_id,
            web.c.id == row_id,
            patient.c.status == "active",
            episode.c.status != "ended",
        )
    ).one_or_none()


def _one_try(scope: ClinicScope, row_id: UUID) -> AnyRow | None:
    web = tables.web_check_in
    return scope.connection.execute(
        update(web)
        .where(
            web.c.clinic_id == scope.clinic_id,
            web.c.id == row_id,
            web.c.tries < TRIES_OF_YEAR,
            web.c.opened_at.is_(None),
        )
        .values(tries=web.c.tries + 1)
        .returning(web)
    ).one_or_none()


def _born_on(scope: ClinicScope, patient_id: UUID) -> date:
    patient = tables.patient
    sealed = scope.connection.execute(
        select(patient.c.born_on_sealed).where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
    ).scalar_one()
    return date.fromisoformat(scope.vault.open("patient.born_on", patient_id, sealed))


def _begin_session(scope: ClinicScope, row: AnyRow, link: bytes, language: str, now: datetime) -> str:
    web, credential, real = tables.web_check_in, tables.credential, real_now()
    scope.connection.execute(
        update(web)
        .where(web.c.clinic_id == scope.clinic_id, web.c.id == row.id)
        .values(opened_at=now, language=language)
    )
    scope.connection.execute(
        update(credential).where(credential.c.digest == link).values(used_at=real, revoked_at=real)
    )
    actor = Actor("patient", row.patient_id)
    record_audit(scope, actor, "web_check_in.opened", ("web_check_in", row.id), now, row.patient_id)
    return issue(scope.connection, "web_session", scope.clinic_id, row.id)

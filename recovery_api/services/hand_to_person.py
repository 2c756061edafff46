"""Keep a text that could not be read, and call a person to it: a break in reading must lose no words."""

from datetime import datetime

import psycopg
from sqlalchemy.exc import DBAPIError

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import MissingValue, PackError, UnknownText
from recovery_api.domain.triage import BREAKS, not_judged
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.find_contacts import Sender
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, RaisedFlag, raise_flags
from recovery_api.services.turn import Arrival
from recovery_api.vault import SealBroken

REFUSED = (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError, psycopg.InternalError)
NOT_READ = (*BREAKS, MissingValue, PackError, SealBroken, UnknownText)


def hand_to_person(sender: Sender, arrival: Arrival, broken: Exception, now: datetime) -> None:
    """Raise the flag of an answer that nothing could judge, of its patient where the phone has only one.

    The text itself is stored by the caller, in the same transaction.
    """
    scope = sender.scope
    people = {contact.patient_id for contact in sender.contacts if contact.state != "wrong_person"}
    contact = sender.contacts[0] if len(people) == 1 else None
    whose = (
        {
            "contact_point_id": contact.id,
            "patient_id": contact.patient_id,
            "episode_id": contact.recovery.episode_id if contact.recovery else None,
        }
        if contact is not None
        else {}
    )
    scope.change_late(tables.message, arrival.message_id, disposition="for_a_person", needs_person=True, **whose)
    subject = FlagSubject(
        episode_id=whose.get("episode_id"),
        patient_id=whose.get("patient_id"),
        phone_digest=scope.phone_digest(arrival.phone),
        message_id=arrival.message_id,
        quote=arrival.body,
    )
    flags = raise_flags(scope, subject, [not_judged(broken)], now)
    warn("text.not_read", message_id=str(arrival.message_id), error=type(broken).__name__)
    _page(scope, flags, now)


def _page(scope: ClinicScope, flags: list[RaisedFlag], now: datetime) -> None:
    """Page people; where that breaks as well, the flag stays, and its ladder calls again."""
    try:
        with scope.savepoint():
            page_clinicians(scope, flags, now)
    except (*NOT_READ, psycopg.DatabaseError, DBAPIError) as broken:
        cause = getattr(broken, "orig", broken)
        if isinstance(cause, psycopg.Error) and not isinstance(cause, REFUSED):
            raise  # the database is away, or somebody was in the way: the whole text comes again
        warn("flag.not_paged", error=type(cause).__name__)

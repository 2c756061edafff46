"""Tell a person at once of a safety text or a page that the carrier refused: nobody else knows that it was not read."""

from datetime import datetime

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.turn import MINUTES

NOT_TOLD = "The carrier refused a safety text: the patient was not told, so call"
NOT_PAGED = "The carrier refused a text that calls a clinician: see who else was told"


def flag_refusal(scope: ClinicScope, message: AnyRow, code: int | None, now: datetime) -> None:
    """Flag a refused text of the purposes `safety` (urgent, and paged) and `page` (today); no other purpose.

    A refused page pages nobody, since that one could be refused as well: the ladder of its own flag goes on. Source:
    shipped protocol; who was to be told to call and never read it must be called.
    """
    if message.purpose == "safety":
        finding = _finding("safety_refused", Tier.URGENT, NOT_TOLD, code)
        subject = FlagSubject(message.episode_id, message.patient_id, message.phone_digest)
        page_clinicians(scope, raise_flags(scope, subject, [finding], now), now)
    elif message.purpose == "page":
        finding = _finding("page_refused", Tier.TODAY, NOT_PAGED, code)
        raise_flags(scope, _subject_of(scope, message), [finding], now)


def _finding(rule: str, tier: Tier, reason: str, code: int | None) -> Finding:
    return Finding(rule, "1", "delivery", tier, reason, MINUTES[tier], {"code": code})


def _subject_of(scope: ClinicScope, message: AnyRow) -> FlagSubject:
    """Whom the page is about; the phone that was to be told where it names no flag."""
    flag = tables.flag
    about = scope.connection.execute(
        select(flag.c.episode_id, flag.c.patient_id, flag.c.phone_digest).where(
            flag.c.clinic_id == scope.clinic_id, flag.c.id == message.flag_id
        )
    ).one_or_none()
    if about is None:
        return FlagSubject(phone_digest=message.phone_digest)
    return FlagSubject(about.episode_id, about.patient_id, about.phone_digest)

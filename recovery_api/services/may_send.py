"""The last look before a text leaves: is it still wanted, still agreed to, and still in time."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select, text

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.consent import LAST_WORDS, Leaving, Standing, day_began, why_not
from recovery_api.domain.wording import INVITATIONS
from recovery_api.models import tables
from recovery_api.prepared import Prepared
from recovery_api.services.find_day_answer import is_day_answered

_LEFT = ("sending", "unknown", "accepted", "queued", "sent", "delivered", "read")
_HANDED_OVER_BEFORE = timedelta(hours=12)  # a reminder waits in the outbox for the rest of its window at most


def why_not_to_send(scope: ClinicScope, message: AnyRow, now: datetime) -> str | None:
    """`expired` or `suppressed` where the text must not leave any more, else None."""
    if now >= message.expires_at:
        return "expired"
    if message.text_key == "page_clinician" and not _is_flag_open(scope, message):
        return "suppressed"
    if message.contact_point_id is None or message.text_key in LAST_WORDS:
        return None
    facts = _facts(scope, message)
    zone, is_reminder = ZoneInfo(facts.zone), message.purpose == "reminder"
    asks_pain = is_reminder and message.question == "pain"
    leaving = Leaving(
        purpose=message.purpose,
        expires_at=message.expires_at,
        text_key=message.text_key,
        is_answer=message.in_reply_to_id is not None,
        has_answer=asks_pain and is_day_answered(scope, message.episode_id, message.question_on),
        answers_danger=facts.state == "opted_out" and _answers_danger(scope, message),
    )
    counts = is_reminder or (message.purpose == "service" and message.in_reply_to_id is None)
    started = _started_today(scope, message, zone, now) if counts else 0
    person = Standing(facts.state, facts.status, facts.episode_status, zone, started, facts.channel != "voice")
    return why_not(leaving, person, now)


def _is_flag_open(scope: ClinicScope, message: AnyRow) -> bool:
    """Whether the flag that a page calls for still waits for somebody."""
    flag = tables.flag
    status = select(flag.c.status).where(flag.c.clinic_id == scope.clinic_id, flag.c.id == message.flag_id)
    return bool(scope.connection.execute(status).scalar() == "open")


_p, _e = tables.contact_point, tables.episode
_FACTS = Prepared(
    select(
        _p.c.state, _p.c.channel, tables.patient.c.status, tables.patient.c.zone, _e.c.status.label("episode_status")
    )
    .select_from(_p)
    .join(tables.patient, (tables.patient.c.clinic_id == _p.c.clinic_id) & (tables.patient.c.id == _p.c.patient_id))
    .outerjoin(_e, (_e.c.clinic_id == _p.c.clinic_id) & (_e.c.id == bindparam("episode")))
    .where(_p.c.clinic_id == bindparam("clinic"), _p.c.id == bindparam("point"))
)
_STARTED = Prepared(
    text(f"""
SELECT count(*) AS started FROM message
WHERE clinic_id = :clinic AND patient_id = :patient AND created_at > :since AND id <> :own AND direction = 'out'
  AND purpose IN ('reminder', 'service') AND text_key IS NOT NULL AND in_reply_to_id IS NULL AND due_at >= :began
  AND text_key NOT IN ({", ".join(f"'{key}'" for key in INVITATIONS)})
  AND state IN ({", ".join(f"'{state}'" for state in _LEFT)})
""")  # noqa: S608 - of words that stand above
)


def _facts(scope: ClinicScope, message: AnyRow) -> AnyRow:
    chosen = {"clinic": scope.clinic_id, "point": message.contact_point_id, "episode": message.episode_id}
    row: AnyRow = _FACTS.first(scope.connection, chosen)
    return row


def _started_today(scope: ClinicScope, message: AnyRow, zone: ZoneInfo, now: datetime) -> int:
    """How many texts we started to this person on their own calendar day.

    Invitations, answers, safety texts and what a clinician wrote are left out.
    """
    if message.patient_id is None:
        return 0
    began = day_began(now, zone)
    chosen = {
        "clinic": scope.clinic_id, "patient": message.patient_id, "own": message.id,
        "since": began - _HANDED_OVER_BEFORE, "began": began,
    }  # fmt: skip
    return int(_STARTED.first(scope.connection, chosen).started)


def _answers_danger(scope: ClinicScope, message: AnyRow) -> bool:
    """Whether this is the answer to a dangerous text that the patient wrote after opting out.

    It is a reply to the patient's own words, and leaves; what was waiting when texts were stopped never does.
    """
    if message.purpose != "safety" or message.in_reply_to_id is None:
        return False
    consent = tables.consent
    stopped_at: datetime | None = scope.connection.execute(
        select(func.max(consent.c.recorded_at)).where(
            consent.c.clinic_id == scope.clinic_id,
            consent.c.contact_point_id == message.contact_point_id,
            consent.c.granted.is_(False),
        )
    ).scalar()
    return stopped_at is None or stopped_at <= message.created_at

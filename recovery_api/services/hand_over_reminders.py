"""Hand due reminders to the outbox, each once: the claim, the text and the record in one transaction."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, delete, select, update

from recovery_api.db import AnyRow, ClinicScope, Vaults, enter_clinic
from recovery_api.domain.visit_news import is_news
from recovery_api.models import tables
from recovery_api.services.beside_question import beside_question
from recovery_api.services.call_about_visit import call_about_form, call_about_visit, call_to_prepare
from recovery_api.services.call_with_news import call_with_news
from recovery_api.services.claim_work import Claim
from recovery_api.services.climb_silence import ask_again_later
from recovery_api.services.flag_opt_outs import flag_opt_outs
from recovery_api.services.judge_reminder import Verdict, judge_reminder
from recovery_api.services.make_room import make_room, take_turns, wait
from recovery_api.services.phones_of_reminders import phones_of
from recovery_api.services.queue_calls import PlannedCall, queue_call
from recovery_api.services.queue_pushes import push_first
from recovery_api.services.queue_texts import Outgoing, Recipient
from recovery_api.services.raise_flags import FlagSubject
from recovery_api.services.set_aside import work_off_together
from recovery_api.services.shown_values import shown_values
from recovery_api.services.text_check_in_link import FORM_TEXT, LINK_TEXT, PLAIN_FORM, PLAIN_QUESTION, make_link

BATCH = 100
TOLD_AGAIN = timedelta(days=7)
Chosen = tuple[Verdict, AnyRow]
NOBODY_TO_TEXT = "Check-ins fall due and no phone of theirs takes texts: call instead"


def hand_over_due(
    holder: str,
    vaults: Vaults,
    now: datetime,
    most: int = BATCH,
    public_url: str = "",
    push_by: Collection[str] = (),
) -> int:
    """Hand over up to `most` due reminders; returns how many were taken from the queue.

    Without the public address nobody is sent a link: who chose one is asked the plain question. `push_by` are the
    platforms that are pushed to before a text leaves.
    """

    def work(connection: Connection, claims: Sequence[Claim]) -> None:
        by_clinic: dict[UUID, list[UUID]] = defaultdict(list)
        for claim in claims:
            by_clinic[claim.clinic_id].append(claim.row_id)
        for clinic_id, reminder_ids in sorted(by_clinic.items()):
            _hand_over(enter_clinic(connection, clinic_id, vaults), reminder_ids, public_url, push_by, now)

    return work_off_together("reminder", holder, now, most, work)


def _hand_over(
    scope: ClinicScope, reminder_ids: list[UUID], public_url: str, push_by: Collection[str], now: datetime
) -> None:
    take_turns(scope, reminder_ids)
    phones = phones_of(scope, reminder_ids)
    ready = [(beside_question(judge_reminder(scope, rows[0], now), rows, now), rows) for rows in phones.values()]
    chosen = [(verdict, _choose(verdict, rows)) for verdict, rows in ready if verdict.why is None]
    giving_way = _give_way(scope, chosen, now)
    chosen, waiting, crowded = _with_room(scope, [one for one in chosen if one[1].id not in giving_way], now)
    left_out = [(rows[0], verdict.why) for verdict, rows in ready if verdict.why and rows[0].id not in giving_way]
    texted = [(verdict, row) for verdict, row in chosen if row.channel != "voice"]
    texts = [_text(scope, row, *_words(scope, row, verdict, public_url, now), verdict) for verdict, row in texted]
    push_first(scope, texts, push_by, now)
    spoken = [(row, None) for _, row in chosen if row.channel == "voice"]
    _skip_or_speak(scope, [*left_out, *crowded, *spoken], now)
    _mark(scope, [row.id for _, row in chosen], "handed_over", now)
    ask_again_later(scope, [row for _, row in texted if row.kind == "check_in"], now)
    _mark(scope, [one for one in reminder_ids if one not in phones], "skipped", now, "no_phone")
    _leave_queue(scope, {*reminder_ids, *giving_way} - waiting)


def _leave_queue(scope: ClinicScope, reminder_ids: Collection[UUID]) -> None:
    """Take them out of the queue; one that another ticker has in hand is left to it: it no longer stands."""
    work = tables.due_work
    theirs = (work.c.clinic_id == scope.clinic_id, work.c.kind == "reminder", work.c.row_id.in_(reminder_ids))
    free = select(work.c.row_id).where(*theirs).with_for_update(skip_locked=True)
    scope.connection.execute(delete(work).where(*theirs, work.c.row_id.in_(free)))


def _give_way(scope: ClinicScope, chosen: Sequence[Chosen], now: datetime) -> set[UUID]:
    """Take back the lessons in whose place a question is asked again, now or later; one that stays here takes none."""
    lessons = {verdict.instead_of for verdict, _ in chosen if verdict.instead_of is not None}
    if not lessons:
        return lessons
    texted = [row for _, row in chosen if row.channel != "voice" and row.id not in lessons]
    places = make_room(scope, texted, now, without=lessons)
    stays = {reminder_id for reminder_id, place in places.items() if place.why is not None}
    giving_way = {verdict.instead_of for verdict, row in chosen if verdict.instead_of and row.id not in stays}
    _mark(scope, list(giving_way), "skipped", now, "gave_way")
    return giving_way


def _with_room(
    scope: ClinicScope, chosen: Sequence[Chosen], now: datetime
) -> tuple[list[Chosen], set[UUID], list[tuple[AnyRow, str | None]]]:
    """Those for whose texts the day has room now, the ids of those that wait, and the rest with the reasons."""
    places = make_room(scope, [row for _, row in chosen if row.channel != "voice"], now)
    waiting = {reminder_id: place.until for reminder_id, place in places.items() if place.until is not None}
    for reminder_id, until in waiting.items():
        wait(scope, reminder_id, until)
    crowded = [(row, places[row.id].why) for _, row in chosen if row.id in places and places[row.id].why]
    return [one for one in chosen if one[1].id not in places or places[one[1].id].leaves], set(waiting), crowded


def _skip_or_speak(scope: ClinicScope, rows: Sequence[tuple[AnyRow, str | None]], now: datetime) -> None:
    """What is left out, and why, and what is for a landline; by recovery, as the turns of flags are taken."""
    for row, why in sorted(rows, key=lambda one: (one[0].episode_id, one[0].id)):
        if why is None:
            _speak(scope, row, now)
        else:
            _skip(scope, row, why, now)


def _skip(scope: ClinicScope, row: AnyRow, why: str, now: datetime) -> None:
    _mark(scope, [row.id], "skipped", now, why)
    if why == "no_phone" and row.kind == "check_in" and not _told_lately(scope, row.episode_id, now):
        flag_opt_outs(scope, [row.patient_id], NOBODY_TO_TEXT, now, rule="no_texts")
    if is_news(row.slot):
        call_with_news(scope, FlagSubject(row.episode_id, row.patient_id), row.slot, now)


def _told_lately(scope: ClinicScope, episode_id: UUID, now: datetime) -> bool:
    """Whether the clinic heard within the week that nothing reaches this patient: a task a day would hide the rest."""
    scope.flush()
    flag = tables.flag
    told = scope.connection.execute(
        select(flag.c.id)
        .where(
            flag.c.clinic_id == scope.clinic_id,
            flag.c.episode_id == episode_id,
            flag.c.family == "delivery",
            flag.c.last_at > now - TOLD_AGAIN,
        )
        .limit(1)
    )
    return told.first() is not None


def _choose(verdict: Verdict, rows: Sequence[AnyRow]) -> AnyRow:
    """The phone of one reminder: the way that the ladder asks for, then whose it is meant for, then as they stand."""
    if verdict.by == "voice":
        return min(rows, key=lambda row: (row.channel != "voice", row.whose != verdict.audience))
    return min(rows, key=lambda row: row.whose != verdict.audience)


def _speak(scope: ClinicScope, row: AnyRow, now: datetime) -> None:
    """A landline is called with a question about pain; what else would be texted is left to people, if it matters.

    A visit is told of on its last reminder, how to prepare once, when the first of it falls due, and a form is filled
    in with a nurse.
    """
    if row.question == "pain" and row.kind != "follow_up_visit":
        queue_call(scope, _call(row), now)
        return
    _mark(scope, [row.id], "skipped", now, "voice_only")
    if row.kind == "follow_up_visit" and is_news(row.slot):
        call_with_news(scope, FlagSubject(row.episode_id, row.patient_id), row.slot, now)
    elif row.kind == "follow_up_visit":
        call_about_visit(scope, row, now)
    elif row.kind == "preparation" and row.condition is None:
        call_to_prepare(scope, row, now)
    elif row.kind == "questionnaire":
        call_about_form(scope, row, now)


def _words(
    scope: ClinicScope, row: AnyRow, verdict: Verdict, public_url: str, now: datetime
) -> tuple[str, dict[str, str]]:
    """The key and the values of a text; who chose the web check-in gets a link in place of the plain question.

    A questionnaire has no answer by text: the patient's own mobile gets the link to its pages in any case.
    """
    values = shown_values(row.text_values, row.language)
    asks_form = verdict.text_key == PLAIN_FORM and row.whose == "patient"
    if not public_url or not (asks_form or (row.takes_link and verdict.text_key == PLAIN_QUESTION)):
        return verdict.text_key, values
    asks = "form" if asks_form else "check_in"
    link = make_link(scope, row.patient_id, row.episode_id, row.language, public_url, now, asks)
    return FORM_TEXT if asks_form else LINK_TEXT, values | {"link": link}


def _text(scope: ClinicScope, row: AnyRow, text_key: str, values: dict[str, str], verdict: Verdict) -> Outgoing:
    return Outgoing(
        recipient=Recipient(
            phone=scope.vault.open("contact_point.phone", row.contact_point_id, row.phone_sealed),
            language=row.language,
            contact_point_id=row.contact_point_id,
            patient_id=row.patient_id,
            episode_id=row.episode_id,
            label=row.label if row.is_shared or row.whose == "caregiver" else "",
            whose=row.whose,
        ),
        purpose="reminder",
        text_key=text_key,
        values=values,
        question=verdict.question,
        question_on=row.local_on if verdict.question else None,
        due_at=row.due_at,
        expires_at=row.expires_at,
        reminder_id=row.id,
    )


def _call(row: AnyRow) -> PlannedCall:
    """A landline is called where other phones are texted."""
    return PlannedCall(
        contact_point_id=row.contact_point_id,
        phone_digest=row.phone_digest,
        patient_id=row.patient_id,
        episode_id=row.episode_id,
        language=row.language,
        asked_on=row.local_on,
        due_at=row.due_at,
        expires_at=row.expires_at,
        reminder_id=row.id,
    )


def _mark(scope: ClinicScope, ids: list[UUID], state: str, now: datetime, why: str | None = None) -> None:
    if not ids:
        return
    reminder = tables.reminder
    scope.connection.execute(
        update(reminder)
        .where(reminder.c.clinic_id == scope.clinic_id, reminder.c.id.in_(ids), reminder.c.state == "planned")
        .values(state=state, why=why, settled_at=now)
    )

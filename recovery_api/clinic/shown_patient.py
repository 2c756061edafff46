"""From a patient's story, as it was read, to the page that shows it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery_api.clinic.call_lines import call_end, call_words, has_failed
from recovery_api.clinic.frame import Choice, Frame, StoryLine
from recovery_api.clinic.patient_page import (
    Care,
    Composer,
    ContactLine,
    Held,
    LookLine,
    PastEpisode,
    PatientPage,
    PlanItem,
    Template,
    ThreadMessage,
    Visit,
)
from recovery_api.clinic.session import colleague
from recovery_api.clinic.shown import SEXES, box_of, course_of, in_order, story_of
from recovery_api.clinic.story import FAILED, delivery_words, told_deed
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import consent_words, day_of, plan_word, reason_word, visit_state, visit_word
from recovery_api.db import ClinicScope
from recovery_api.domain.segments import measure
from recovery_api.packs.quick_texts import quick_texts
from recovery_api.services.hold_episode import LONGEST
from recovery_api.services.queue_texts import standing_values
from recovery_api.services.read_around import Around, Queue
from recovery_api.services.read_band import band_on
from recovery_api.services.read_deeds import PatientDeed
from recovery_api.services.read_patient import PatientStory, Phone
from recovery_api.services.read_standing import ConsentLine, EpisodeLine
from recovery_api.services.read_thread import Text
from recovery_api.services.write_to_patient import as_it_leaves, label_on, phone_to_write_to

_ENDED = ("cancelled", "kept", "missed")  # of a visit


def patient_page(scope: ClinicScope, frame: Frame, story: PatientStory, around: Around, draft: str = "") -> PatientPage:
    """The page of one patient."""
    facts, me, now = story.patient, colleague(), frame.now
    place = _place(scope, around.queue, facts.id, now)
    shown = [flag for flag in story.flags if flag.status != "resolved"]
    phone = story.phones[0] if story.phones else None
    zone = ZoneInfo(facts.zone)
    return PatientPage(
        frame=frame,
        patient_id=str(facts.id),
        given_name=facts.given_name,
        family_name=facts.family_name,
        born_on=facts.born_on,
        sex=SEXES[facts.sex],
        record_number=facts.record_number or "",
        phone=phone.number if phone else "",
        language=facts.language,
        procedure=f"{_('Vertebroplasty')} {', '.join(facts.levels)}",
        procedure_on=facts.performed_on or facts.created_at.date(),
        course=course_of(facts, story.answers, story.today, story.flags, band=band_on(scope, now, story.today)),
        flags=tuple(box_of(flag, story.events, me.id, now, facts.language) for flag in shown),
        story=happened(story, around.deeds, {str(me.id): me.name, **_names(around)}),
        thread=tuple(_bubble(text, story, scope.name) for text in story.texts),
        visits=tuple(_visit(one.id, one.starts_at, one.status, zone, now) for one in story.visits),
        contacts=tuple(_contact(one, around.consents) for one in story.phones),
        plan=tuple(PlanItem(item.due_at, plan_word(item.kind)) for item in story.plan),
        colleagues=tuple(Choice(str(one), name) for name, one in around.colleagues),
        past=tuple(_past(one) for one in around.episodes[1:]),
        looks=tuple(LookLine(one.name, one.times, one.last_at) for one in around.looks),
        position=place.number,
        position_of=place.of,
        next_patient_id=place.next_id,
        next_patient_name=place.next_name,
        composer=composer(scope, story.phones, facts.language, draft),
        care=_care(around.episodes, zone, now),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    number: int | None
    of: int
    next_id: str
    next_name: str


def _place(scope: ClinicScope, queue: Queue, patient_id: UUID, now: datetime) -> _Place:
    """Where a patient stands on the worklist, in the order in which it is shown."""
    order = queued_patients(queue, now)
    at = order.index(patient_id) if patient_id in order else None
    following = order[at + 1] if at is not None and at + 1 < len(order) else None
    number = None if at is None else at + 1
    name = queue.name_of(scope, following) if following else ""
    return _Place(number, len(order), str(following or ""), name)


def queued_patients(queue: Queue, now: datetime) -> list[UUID]:
    """The patients of the worklist, in its order."""
    return [one for entry in in_order(queue.entries, now) if (one := entry.flags[0].patient_id)]


def _names(around: Around) -> dict[str, str]:
    return {str(clinician_id): name for name, clinician_id in around.colleagues}


def happened(story: PatientStory, deeds: Iterable[PatientDeed], names: Mapping[str, str]) -> tuple[StoryLine, ...]:
    """Flag events, what clinicians did, and the texts that matter for safety, newest first."""
    lines = list(story_of(story.events, names))
    lines += [StoryLine(deed.at, told_deed(deed)) for deed in deeds]
    lines += [
        StoryLine(text.at, _("Safety text: %(state)s", state=delivery_words(text)))
        for text in story.texts
        if text.purpose == "safety"
    ]
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True))


def _bubble(text: Text, story: PatientStory, clinic: str) -> ThreadMessage:
    facts = story.patient
    if text.call is not None:
        author = facts.given_name if text.direction == "in" else clinic
        end, failed = call_end(text.call), has_failed(text.call)
        return ThreadMessage(text.direction, call_words(text.call), text.at, author, end, failed)
    return ThreadMessage(
        direction=text.direction,
        body=text.body,
        at=text.at,
        author=facts.given_name if text.direction == "in" else clinic,
        state="" if text.direction == "in" else delivery_words(text),
        has_failed=text.state in FAILED,
        is_evidence=text.id in {flag.message_id for flag in story.flags if flag.message_id},
        language=facts.language,
    )


def _visit(visit_id: UUID, at: datetime, status: str, zone: ZoneInfo, now: datetime) -> Visit:
    local = at.astimezone(zone)
    return Visit(
        at, visit_word(), visit_state(status), str(visit_id), f"{local:%Y-%m-%dT%H:%M}",
        is_ahead=at > now, is_unsettled=at <= now and status not in _ENDED,
    )  # fmt: skip


def _contact(phone: Phone, consents: Iterable[ConsentLine]) -> ContactLine:
    agreed = tuple(
        f"{consent_words(line.purpose, line.channel, line.granted)}, {day_of(line.at.date())}"
        for line in consents
        if line.contact_point_id in (phone.id, None)
    )
    whose = _("Patient") if phone.whose == "patient" else _("Caregiver")
    is_called = phone.channel == "voice" and phone.state == "active"
    state = _("takes calls, no texts") if is_called else reason_word(phone.state)
    return ContactLine(f"{whose} {phone.label}", phone.number, state, phone.state != "active", agreed)


def _past(episode: EpisodeLine) -> PastEpisode:
    return PastEpisode(episode.performed_on, ", ".join(episode.levels), reason_word(episode.status))


def _care(episodes: Sequence[EpisodeLine], zone: ZoneInfo, now: datetime) -> Care:
    if not episodes:
        return Care(is_over=True)
    newest, today = episodes[0], now.astimezone(zone).date()
    held = newest.hold
    return Care(
        episode_id=str(newest.id),
        protocol=newest.protocol,
        asked_at=f"{newest.check_in_time:%H:%M}" if newest.check_in_time else "",
        held=Held(reason_word(held.reason), held.ends_at, held.owner) if held else None,
        is_over=newest.status == "ended",
        earliest=str(today + timedelta(days=1)),
        latest=str(today + LONGEST),
        thinner_on=str(newest.thinner_restart_on or ""),
        thinner=_thinner(newest),
    )


def _thinner(newest: EpisodeLine) -> str:
    """What is known of a blood thinner that was stopped."""
    if newest.thinner_restart_on is None:
        return ""
    on = day_of(newest.thinner_restart_on)
    if newest.thinner_started is None:
        return _("Blood thinner: to be started again on %(day)s", day=on)
    if newest.thinner_started:
        return _("Blood thinner: started again, says the patient (planned for %(day)s)", day=on)
    return _("Blood thinner: not started again, says the patient (planned for %(day)s)", day=on)


def composer(scope: ClinicScope, phones: Sequence[Phone], language: str, draft: str) -> Composer:
    """The form of a message to a patient."""
    phone = phone_to_write_to(phones)
    if phone is None:
        return Composer(_("This phone takes no texts. Please call."), draft)
    values = standing_values(scope)
    templates = [Template(one.key, one.title, one.filled(values), one.language) for one in quick_texts()]
    templates.sort(key=lambda one: one.language != language)
    return Composer("", draft, cost_of_draft(draft, label_on(phone)), templates)


def cost_of_draft(draft: str, label: str) -> str:
    """How many texts a draft makes, counted as it would leave, behind the label of a shared phone."""
    size = measure(as_it_leaves(draft, label))
    room = 160 if size.encoding == "GSM-7" else 70
    if size.segments == 1:
        return _("1 text, %(used)s of %(room)s", used=size.characters if draft else 0, room=room)
    return _("%(texts)s texts, %(used)s characters", texts=size.segments, used=size.characters)

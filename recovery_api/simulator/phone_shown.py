"""From what is stored about a played patient to what the demo's phone page shows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import abort, get_flashed_messages, request

from recovery_api.clinic.shown import box_of, course_of, story_of
from recovery_api.clinic.story import delivery_words
from recovery_api.db import ClinicScope
from recovery_api.services.read_band import band_on
from recovery_api.services.read_patient import PatientStory
from recovery_api.simulator.carrier_client import CarrierAway
from recovery_api.simulator.phone_door import levers
from recovery_api.simulator.phone_landline import read_landline
from recovery_api.simulator.phone_page import PhoneBubble, PhonePage, PhonePatient
from recovery_api.simulator.play_patient import Playable, nameless_texts
from recovery_api.wiring import wiring

FAULTS: dict[str, dict[str, Any] | None] = {
    "delivers": None,
    "blocked": {"fault": "carrier_blocks"},
    "landline": {"fault": "landline"},
    "twice": {"fault": "deliver_twice"},
    "late": {"fault": "late", "seconds": 600},
}
_NETWORK_OF = {fault["fault"]: name for name, fault in FAULTS.items() if fault}


def played_of(people: list[Playable]) -> Playable:
    """The patient asked for; else one who is well and in the first weeks, so that a story can begin."""
    if not people:
        abort(404, "The demo was started without patients.")
    wanted = request.values.get("patient", "")
    if wanted:
        return next((one for one in people if str(one.patient.id) == wanted), None) or abort(404)
    calm = [one for one in people if not one.is_flagged and one.patient.language == "en"]
    return max(calm or people, key=lambda one: (_days(one) <= 14 and _days(one) >= 6, _days(one) <= 30, -_days(one)))


def _days(one: Playable) -> int:
    performed_on = one.patient.performed_on
    return (wiring().clock.now().date() - performed_on).days if performed_on else 0


def page_of(
    scope: ClinicScope, people: list[Playable], played: Playable, story: PatientStory, moment: datetime
) -> PhonePage:
    """The page of one patient at a moment of the demo's clock."""
    open_flags = [flag for flag in story.flags if flag.status != "resolved"]
    return PhonePage(
        clinic_name=scope.name,
        clinic_number=scope.number,
        now=moment,
        zone=scope.zone,
        patients=tuple(_person(one) for one in people),
        patient=_person(played),
        course=course_of(
            story.patient, story.answers, story.today, story.flags, band=band_on(scope, moment, story.today)
        ),
        thread=_thread(scope, played, story),
        network=_network(played.phone),
        landline=read_landline(levers(), played.phone) if played.channel == "voice" else None,
        did=tuple(reversed(story_of(story.events)))[:12],
        flags=tuple(box_of(flag, story.events, UUID(int=0), moment, story.patient.language) for flag in open_flags),
        notice=" ".join(map(str, get_flashed_messages())),
    )


def _thread(scope: ClinicScope, played: Playable, story: PatientStory) -> tuple[PhoneBubble, ...]:
    """What stands on the phone, oldest first; the digits for the app as well, which no clinician reads."""
    texts = sorted([*story.texts, *nameless_texts(scope, played.phone)], key=lambda text: text.at)
    return tuple(
        PhoneBubble("out" if text.direction == "in" else "in", text.body, text.at, delivery_words(text))
        for text in texts[-40:]
    )


def _person(one: Playable) -> PhonePatient:
    facts = one.patient
    return PhonePatient(
        patient_id=str(facts.id),
        name=f"{facts.family_name}, {facts.given_name}",
        given_name=facts.given_name,
        number=one.phone,
        day=_days(one),
        language=facts.language,
        is_flagged=one.is_flagged,
    )


def _network(phone: str) -> str:
    try:
        return _NETWORK_OF.get(levers().fault_of(phone), "delivers")
    except CarrierAway:
        return "delivers"

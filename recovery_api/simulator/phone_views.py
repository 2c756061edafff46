"""The demo's phone page: play a patient, move the clock, break the network, and see what came of it."""

import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, get_flashed_messages, redirect, render_template, request
from werkzeug.wrappers import Response

from recovery_api.clinic.shown import box_of, course_of, story_of
from recovery_api.clinic.story import delivery_words
from recovery_api.clock import monotonic
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.services.read_band import band_on
from recovery_api.services.read_patient import PatientStory, read_patient
from recovery_api.services.record_audit import SYSTEM
from recovery_api.simulator.carrier_client import CarrierAway, CarrierLevers
from recovery_api.simulator.demo_clock import move_clock, move_clock_to
from recovery_api.simulator.phone_landline import read_landline
from recovery_api.simulator.phone_page import NETWORKS, PhoneBubble, PhonePage, PhonePatient
from recovery_api.simulator.play_patient import (
    SILENT_DAYS,
    STORIES,
    Playable,
    demo_clinic,
    nameless_texts,
    next_due,
    playable_patients,
    step_of,
)
from recovery_api.wiring import wiring

blueprint = Blueprint(
    "simulator", __name__, url_prefix="/demo/phone", template_folder="templates", static_folder="static",
    static_url_path="static",
)  # fmt: skip

FAULTS: dict[str, dict[str, Any] | None] = {
    "delivers": None,
    "blocked": {"fault": "carrier_blocks"},
    "landline": {"fault": "landline"},
    "twice": {"fault": "deliver_twice"},
    "late": {"fault": "late", "seconds": 600},
}
_NETWORK_OF = {fault["fault"]: name for name, fault in FAULTS.items() if fault}
_STORY_SECONDS = 6.0


@blueprint.before_request
def refuse_outside_demo() -> None:
    """There is no phone page but in the demo."""
    if wiring().settings.env != "demo":
        abort(404)
    if request.method == "POST" and not hmac.compare_digest(request.form.get("csrf", ""), _form_token()):
        abort(403)


def _form_token() -> str:
    return hmac.new(wiring().settings.secret_key(), b"demo phone", hashlib.sha256).hexdigest()


@blueprint.get("")
def show() -> str:
    """The page."""
    return _render("simulator/phone.html")


@blueprint.get("/now")
def now() -> str:
    """The parts of the page that change by themselves."""
    return _render("simulator/_phone.html")


def _render(template: str) -> str:
    moment = wiring().clock.now()
    with clinic_transaction(demo_clinic(), wiring().vaults) as scope:
        people = playable_patients(scope)
        played = _played(people)
        story = read_patient(scope, played.patient.id, SYSTEM, moment)
        page = _page(scope, people, played, story, moment)
    return render_template(template, page=page, csrf=_form_token())


def _played(people: list[Playable]) -> Playable:
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


def _page(
    scope: ClinicScope, people: list[Playable], played: Playable, story: PatientStory, moment: datetime
) -> PhonePage:
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


def levers() -> CarrierLevers:
    """The line to the simulated carrier."""
    return CarrierLevers(wiring().settings.twilio_api_base)


def _network(phone: str) -> str:
    try:
        return _NETWORK_OF.get(levers().fault_of(phone), "delivers")
    except CarrierAway:
        return "delivers"


def _clock_file() -> Path:
    file = wiring().settings.clock_file
    if file is None:
        abort(404)
    return file


def do_as(deed: Callable[[Playable], None]) -> Response | str:
    """Do one thing as the patient, then show the page, or its parts where a script asked."""
    with clinic_transaction(demo_clinic(), wiring().vaults) as scope:
        played = _played(playable_patients(scope))
    try:
        deed(played)
    except CarrierAway as away:
        flash(str(away))
    if _looks_again_by_itself():
        return _render("simulator/_phone.html")
    return redirect(f"/demo/phone?patient={played.patient.id}", 303)


def _looks_again_by_itself() -> bool:
    """Whether a script asked, which shows what comes later as well."""
    return request.headers.get("Sec-Fetch-Dest") == "empty"


@blueprint.post("/text")
def text() -> Response | str:
    """The patient texts the clinic; a page without scripts shows the text, so it waits for its arrival."""
    words = request.form.get("text", "")[:1600]
    return do_as(lambda played: (_text if _looks_again_by_itself() else _text_and_wait)(played, words))


def _text(played: Playable, words: str) -> None:
    with clinic_transaction(demo_clinic(), wiring().vaults) as scope:
        number = scope.number
    levers().text(played.phone, number, words)


def _text_and_wait(played: Playable, words: str) -> None:
    before = _texts_in(played)
    _text(played, words)
    _wait_for_answer(played, before)


@blueprint.post("/clock")
def clock() -> Response | str:
    """Move product time."""
    return do_as(lambda played: _move(played, request.form.get("step", "")))


def _move(played: Playable, step: str) -> None:
    ahead = step_of(step)
    if ahead is not None:
        move_clock(_clock_file(), ahead)
        return
    moment = wiring().clock.now()
    with clinic_transaction(demo_clinic(), wiring().vaults) as scope:
        due = next_due(scope, played.patient, moment)
    if due is None:
        flash("Nothing is planned for this patient.")
        return
    move_clock_to(_clock_file(), due + timedelta(seconds=1))


@blueprint.post("/network")
def network() -> Response | str:
    """Break or mend this phone's network."""
    wanted = request.form.get("network", "")
    if wanted not in {choice.value for choice in NETWORKS}:
        abort(422)
    return do_as(lambda played: levers().set_fault(played.phone, FAULTS[wanted]))


@blueprint.post("/story")
def story() -> Response | str:
    """Play a course: a question a day with its answer, or days without one."""
    name = request.form.get("story", "")
    if name not in STORIES:
        abort(422)
    return do_as(lambda played: _play(played, name))


def _play(played: Playable, name: str) -> None:
    if name == "silent":
        move_clock(_clock_file(), timedelta(days=SILENT_DAYS))
        flash(f"{SILENT_DAYS} days went by without an answer.")
        return
    for place, words in enumerate(STORIES[name]):
        if place:
            move_clock(_clock_file(), timedelta(days=1))
        _text_and_wait(played, words)


def _texts_in(played: Playable) -> int:
    with clinic_transaction(demo_clinic(), wiring().vaults) as scope:
        texts = read_patient(scope, played.patient.id, SYSTEM, wiring().clock.now()).texts
    return sum(1 for text in texts if text.direction == "in")


def _wait_for_answer(played: Playable, before: int) -> None:
    """Let the text arrive before the clock moves on, so that each answer falls on its own day."""
    until = monotonic() + _STORY_SECONDS
    while _texts_in(played) <= before and monotonic() < until:
        time.sleep(0.1)

"""The demo's phone texts the clinic: one text, or a course of them with the clock moved between."""

import time
from datetime import timedelta

from flask import abort, flash, request
from werkzeug.wrappers import Response

from recovery_api.clock import monotonic
from recovery_api.services.read_patient import read_patient
from recovery_api.services.record_audit import SYSTEM
from recovery_api.simulator.demo_clock import move_clock
from recovery_api.simulator.phone_clock_views import clock_file
from recovery_api.simulator.phone_door import blueprint, in_demo_clinic, levers
from recovery_api.simulator.phone_views import do_as, looks_again_by_itself
from recovery_api.simulator.play_patient import SILENT_DAYS, STORIES, Playable
from recovery_api.wiring import wiring

_LONGEST_WAIT = 6.0  # seconds


@blueprint.post("/text")
def text() -> Response | str:
    """The patient texts the clinic; a page without scripts shows the text, so it waits for its arrival."""
    words = request.form.get("text", "")[:1600]
    return do_as(lambda played: (_text if looks_again_by_itself() else _text_and_wait)(played, words))


@blueprint.post("/story")
def story() -> Response | str:
    """Play a course: a question a day with its answer, or days without one."""
    name = request.form.get("story", "")
    if name not in STORIES:
        abort(422)
    return do_as(lambda played: _play(played, name))


def _play(played: Playable, name: str) -> None:
    if name == "silent":
        move_clock(clock_file(), timedelta(days=SILENT_DAYS))
        flash(f"{SILENT_DAYS} days went by without an answer.")
        return
    for place, words in enumerate(STORIES[name]):
        if place:
            move_clock(clock_file(), timedelta(days=1))
        _text_and_wait(played, words)


def _text(played: Playable, words: str) -> None:
    with in_demo_clinic() as scope:
        number = scope.number
    levers().text(played.phone, number, words)


def _text_and_wait(played: Playable, words: str) -> None:
    """Let the text arrive before the page is shown or the clock moves on: each answer falls on its own day."""
    before = _texts_in(played)
    _text(played, words)
    until = monotonic() + _LONGEST_WAIT
    while _texts_in(played) <= before and monotonic() < until:
        time.sleep(0.1)


def _texts_in(played: Playable) -> int:
    with in_demo_clinic() as scope:
        texts = read_patient(scope, played.patient.id, SYSTEM, wiring().clock.now()).texts
    return sum(1 for text in texts if text.direction == "in")

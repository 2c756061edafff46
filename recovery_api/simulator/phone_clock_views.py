"""The demo's phone page moves product time: by an hour, by a day, or to the patient's next message."""

from datetime import timedelta
from pathlib import Path

from flask import abort, flash, request
from werkzeug.wrappers import Response

from recovery_api.simulator.demo_clock import move_clock, move_clock_to
from recovery_api.simulator.phone_door import blueprint, in_demo_clinic
from recovery_api.simulator.phone_views import do_as
from recovery_api.simulator.play_patient import Playable, next_due, step_of
from recovery_api.wiring import wiring


@blueprint.post("/clock")
def clock() -> Response | str:
    """Move product time."""
    return do_as(lambda played: _move(played, request.form.get("step", "")))


def _move(played: Playable, step: str) -> None:
    ahead = step_of(step)
    if ahead is not None:
        move_clock(clock_file(), ahead)
        return
    moment = wiring().clock.now()
    with in_demo_clinic() as scope:
        due = next_due(scope, played.patient, moment)
    if due is None:
        flash("Nothing is planned for this patient.")
        return
    move_clock_to(clock_file(), due + timedelta(seconds=1))


def clock_file() -> Path:
    """Where the demo keeps how far its clock is ahead."""
    file = wiring().settings.clock_file
    if file is None:
        abort(404)
    return file

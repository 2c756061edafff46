"""The landline on the demo's phone page: it rings, is picked up, takes keys, and can call the clinic."""

from flask import abort, request
from werkzeug.wrappers import Response

from recovery_api.simulator.phone_door import blueprint, in_demo_clinic, levers
from recovery_api.simulator.phone_landline import KEYS, WHO_ANSWERS
from recovery_api.simulator.phone_views import do_as
from recovery_api.simulator.play_patient import Playable

_DEEDS = ("pick-up", "machine", "hang-up", "call")


@blueprint.post("/call")
def call() -> Response | str:
    """One thing done with the landline: a key pressed, or the receiver taken up or put down."""
    key, deed = request.form.get("key", ""), request.form.get("deed", "")
    if key not in KEYS and deed not in _DEEDS:
        abort(422)
    return do_as(lambda played: _play(played, request.form.get("sid", ""), key, deed))


@blueprint.post("/line")
def line() -> Response | str:
    """Who takes the next call."""
    wanted = request.form.get("answers", "")
    if wanted not in {choice.value for choice in WHO_ANSWERS}:
        abort(422)
    return do_as(lambda played: levers().let_answer(played.phone, wanted))


def _play(played: Playable, sid: str, key: str, deed: str) -> None:
    if deed == "call":
        with in_demo_clinic() as scope:
            number = scope.number
        levers().call_in(played.phone, number)
    elif key:
        levers().play_call(sid, "keys", {"keys": key})
    elif deed == "machine":
        levers().play_call(sid, "pick-up", {"answered_by": "machine_end_beep"})
    else:
        levers().play_call(sid, deed, {})

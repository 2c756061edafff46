"""The demo's phone page breaks a phone's network, and mends it."""

from flask import abort, request
from werkzeug.wrappers import Response

from recovery_api.simulator.phone_door import blueprint, levers
from recovery_api.simulator.phone_page import NETWORKS
from recovery_api.simulator.phone_shown import FAULTS
from recovery_api.simulator.phone_views import do_as


@blueprint.post("/network")
def network() -> Response | str:
    """Break or mend this phone's network."""
    wanted = request.form.get("network", "")
    if wanted not in {choice.value for choice in NETWORKS}:
        abort(422)
    return do_as(lambda played: levers().set_fault(played.phone, FAULTS[wanted]))

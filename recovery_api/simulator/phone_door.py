"""The way to the demo's phone: in the demo alone, with a form of its own page, into its one clinic."""

import hashlib
import hmac
from contextlib import AbstractContextManager

from flask import Blueprint, abort, request

from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.simulator.carrier_client import CarrierLevers
from recovery_api.simulator.play_patient import demo_clinic
from recovery_api.wiring import wiring

blueprint = Blueprint(
    "simulator", __name__, url_prefix="/demo/phone", template_folder="templates", static_folder="static",
    static_url_path="static",
)  # fmt: skip


@blueprint.before_request
def refuse_outside_demo() -> None:
    """There is no phone page but in the demo."""
    if wiring().settings.env != "demo":
        abort(404)
    given = request.form.get("csrf", "").encode()
    if request.method == "POST" and not hmac.compare_digest(given, form_token().encode()):
        abort(403)


def form_token() -> str:
    """What every form of the phone page carries."""
    return hmac.new(wiring().settings.secret_key(), b"demo phone", hashlib.sha256).hexdigest()


def in_demo_clinic() -> AbstractContextManager[ClinicScope]:
    """A transaction in the demo's clinic."""
    return clinic_transaction(demo_clinic(), wiring().vaults)


def levers() -> CarrierLevers:
    """The line to the simulated carrier."""
    return CarrierLevers(wiring().settings.twilio_api_base)

"""The sheet that a patient takes home: the code by which their phone is enrolled, in large type."""

from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template
from werkzeug.wrappers import Response

from recovery_api.clinic.qr_code import Picture, draw
from recovery_api.clinic.retold import retold
from recovery_api.clinic.session import colleague, signed_in
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import phone_of
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.errors import Conflict, NotFound
from recovery_api.services.answer_visit import visit_words
from recovery_api.services.issue_enrol_code import EnrolCode, issue_enrol_code
from recovery_api.services.record_audit import Actor
from recovery_api.wiring import wiring

blueprint = Blueprint("app_codes", __name__)


@dataclass(frozen=True, slots=True)
class CodeWords:
    """What the sheet says, in one language."""

    title: str
    steps: tuple[str, ...]
    code: str
    picture: str
    until: str
    never: str
    help: str


WORDS = {
    "en": CodeWords(
        "Your code for the app",
        (
            "Open the app on your own phone.",
            "Point it at the square below, or type the code. Dashes do not matter.",
            "We text 6 digits to your phone. Type them in.",
        ),
        "Code",
        "The same code, for the camera of the app",
        "Good once, for 3 days, until",
        "Keep this sheet to yourself. We will never ask you for the code or the 6 digits.",
        "Questions? Call",
    ),
    "es": CodeWords(
        "Su clave para la aplicación",
        (
            "Abra la aplicación en su propio teléfono.",
            "Apúntela al cuadro de abajo, o escriba la clave. Los guiones no importan.",
            "Le mandamos 6 números por mensaje. Escríbalos.",
        ),
        "Clave",
        "La misma clave, para la cámara de la aplicación",
        "Sirve una vez, por 3 días, hasta el",
        "No muestre esta hoja a nadie. Nunca le pediremos la clave ni los 6 números.",
        "¿Preguntas? Llame al",
    ),
}


@dataclass(frozen=True, slots=True)
class CodeSheet:
    """The page: no name stands on it, so that a lost sheet tells nobody whose it was."""

    words: CodeWords
    language: str
    code: str
    picture: Picture
    until: str
    clinic_name: str
    clinic_phone: str
    patient_path: str


@blueprint.post("/patients/<uuid:patient_id>/app-code")
@signed_in
def app_code(patient_id: UUID) -> str | Response:
    """Issue a code and show its sheet, once: the code is kept as a digest and cannot be shown again."""
    me, parts = colleague(), wiring()
    try:
        with clinic_transaction(me.clinic_id, parts.vaults) as scope:
            made = issue_enrol_code(scope, patient_id, Actor("clinician", me.id, me.role), parts.clock.now())
            sheet = _sheet(made, scope, patient_id)
    except NotFound:
        abort(404)
    except Conflict as refused:
        flash(_("No code was made: %(why)s", why=retold(refused.message)), "warning")
        return redirect(f"/patients/{patient_id}", 303)
    return render_template("clinic/app_code.html", page=sheet, csrf="")


def enrol_address(code: str, public_url: str) -> str:
    """What the square says: an address of the app's own kind, which no browser opens and no log keeps."""
    return f"recovery:enrol?code={code}&server={quote(public_url, safe='')}"


def _sheet(made: EnrolCode, scope: ClinicScope, patient_id: UUID) -> CodeSheet:
    until = visit_words(made.expires_at, scope.zone, made.language)
    return CodeSheet(
        words=WORDS[made.language],
        language=made.language,
        code=made.code,
        picture=draw(enrol_address(made.code, wiring().settings.public_url)),
        until=f"{until.date}, {until.time}",
        clinic_name=scope.name,
        clinic_phone=phone_of(scope.phone),
        patient_path=f"/patients/{patient_id}",
    )

"""What the form of a check-in says that a clinician wrote down."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from flask import request

from recovery_api.clinic.tongue import gettext as _
from recovery_api.domain.check_in import CheckInFacts
from recovery_api.domain.errors import Invalid
from recovery_api.domain.symptom_words import SYMPTOM_WORDS
from recovery_api.services.record_audit import Actor
from recovery_api.services.report_check_in import Submission

A_DAY = timedelta(days=1)
NUMBERS = ("minutes_walked", "pills_otc", "pills_prescribed", "pills_total")


def id_of_form() -> UUID | None:
    """The id that the form was shown with; None where it came without one."""
    try:
        return UUID(request.form.get("form_id", ""))
    except ValueError:
        return None


def sent_check_in(at: datetime, on: date | None, actor: Actor) -> Submission:
    """What the form says of a day; a correction keeps the day of what it corrects. Raises Invalid."""
    form = request.form
    numbers = {name: _number(name) for name in NUMBERS if form.get(name, "").strip()}
    symptoms = tuple(code for code in SYMPTOM_WORDS if form.get(f"symptom_{code}"))
    facts = CheckInFacts(
        pain=_number("pain") if form.get("pain", "").strip() else None,
        activity_level=form.get("activity") or None,
        symptoms=symptoms,
        answered_symptoms=bool(symptoms) or form.get("asked_symptoms") == "yes",
        note=form.get("note", "").strip() or None,
        **numbers,
    )
    return Submission(facts, at, on, None, "staff", actor, _teller(form))


def _number(name: str) -> int:
    text = request.form[name].strip()
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise Invalid(_("Numbers are whole numbers."), field=name)
    return int(text)


def _teller(form: Mapping[str, str]) -> str:
    return "caregiver" if form.get("answered_by") == "caregiver" else "patient"


def day_of_form(today: date) -> date:
    """The day of the form: today, or the day before. Raises Invalid."""
    try:
        on = date.fromisoformat(request.form.get("on") or str(today))
    except ValueError:
        raise Invalid(_("Give a day."), field="on") from None
    if not today - A_DAY <= on <= today:
        raise Invalid(
            _("Give today or yesterday. An older answer is corrected in the table under the chart."), field="on"
        )
    return on

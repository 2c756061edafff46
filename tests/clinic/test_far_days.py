"""Days at both ends of the calendar, in every address and form that takes one: refused or heeded, never a failure."""

from collections.abc import Mapping

import pytest

from tests.builders import BuiltClinic, PatientPersona, make_clinician, record
from tests.clinic.visitor import Visitor

FAR = ("0001-01-01", "9999-12-31", "10000-01-01")
ADDRESSES = (
    "/clinic/reports?since={day}", "/clinic/reports?until={day}", "/clinic/reports?since={day}&until={day}",
    "/clinic/reports/alerts.csv?until={day}", "/clinic/audit?since={day}", "/clinic/audit.csv?since={day}",
    "/clinic/rules?since={day}", "/patients/{ann}/procedure?day={day}",
)  # fmt: skip
FORMS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("/patients/{ann}/hold", {"reason": "away", "until": "{day}"}),
    ("/patients/{ann}/visits", {"starts_at": "{day}T23:59"}),
    ("/patients/{ann}/visits", {"starts_at": "{day}T00:00"}),
    ("/patients/{ann}/blood-thinner", {"restart_on": "{day}"}),
    ("/patients/{ann}/procedure", {"day": "{day}", "was": "2026-11-15"}),
    ("/patients/{ann}/check-ins", {"pain": "4", "on": "{day}"}),
    ("/clinic/rota/holidays", {"day": "{day}"}),
    ("/clinic/rota/shifts", {"who": "{lead}", "duty": "on_duty", "starts": "08:00", "ends": "16:00", "on": "{day}"}),
    ("/enrol", {"given_name": "A", "family_name": "B", "born_on": "{day}", "procedure_on": "{day}", "consent": "yes"}),
)


@pytest.mark.parametrize("day", FAR)
def test_no_page_fails_for_a_day_that_nobody_means(clinic: BuiltClinic, ann: PatientPersona, day: str) -> None:
    record(ann, 4)
    persona = make_clinician(clinic, "lead")
    lead = Visitor(persona)
    values = {"ann": str(ann.id), "lead": str(persona.id), "day": day}
    answers = {path: lead.get(path.format(**values)).status_code for path in ADDRESSES}
    for path, fields in FORMS:
        sent = {name: value.format(**values) for name, value in fields.items()}
        answers[f"{path} {sent}"] = lead.post(path.format(**values), **sent).status_code
    assert {place: status for place, status in answers.items() if status >= 500} == {}

"""A reminder of a visit cannot be texted to a landline: somebody at the clinic calls."""

from datetime import datetime

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.turn import MINUTES


def call_about_visit(scope: ClinicScope, reminder: AnyRow, now: datetime) -> None:
    """Put the visit of one reminder on the clinic's call list."""
    finding = Finding(
        rule="visit_by_phone",
        rule_version="1",
        family="operations",
        tier=Tier.TODAY,
        reason="Takes no texts: call to remind of the visit tomorrow",
        respond_minutes=MINUTES[Tier.TODAY],
        inputs={"visit": dict(reminder.text_values).get("visit")},
    )
    raise_flags(scope, FlagSubject(reminder.episode_id, reminder.patient_id), [finding], now)

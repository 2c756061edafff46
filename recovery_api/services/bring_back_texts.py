"""Bring back the texts of today that fell due while no phone of the patient took any."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from recovery_api.db import ClinicScope
from recovery_api.services.replace_care_plan import running_plan
from recovery_api.services.replan_episode import replan_episode


def bring_back_texts(scope: ClinicScope, patient_ids: Iterable[UUID], now: datetime) -> None:
    """Plan the rest of today anew for those on whose phone texts begin: what is still of use comes after all."""
    for patient_id in sorted(set(patient_ids)):
        plan = running_plan(scope, patient_id)
        if plan is not None:
            replan_episode(scope, plan.episode_id, now)

"""A link to the web check-in of one made-up patient, who also gets one with every question from then on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from recovery_api.db import Vaults, clinic_transaction
from recovery_api.models import tables
from recovery_api.services.text_check_in_link import make_link


def demo_check_in(clinic_id: UUID, vaults: Vaults, public_url: str, now: datetime) -> str | None:
    """The address, for the newest patient who reads English; None where nobody is in recovery."""
    patient, episode, point = tables.patient, tables.episode, tables.contact_point
    with clinic_transaction(clinic_id, vaults) as scope:
        row = scope.connection.execute(
            select(patient.c.id, patient.c.language, episode.c.id.label("episode_id"), point.c.id.label("point_id"))
            .join(episode, (episode.c.clinic_id == patient.c.clinic_id) & (episode.c.patient_id == patient.c.id))
            .join(point, (point.c.clinic_id == patient.c.clinic_id) & (point.c.patient_id == patient.c.id))
            .where(
                patient.c.clinic_id == scope.clinic_id,
                patient.c.language == "en",
                patient.c.status == "active",
                patient.c.is_synthetic.is_(False),
                episode.c.status == "active",
                point.c.state == "active",
                point.c.channel == "sms",
            )
            .order_by(patient.c.id.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            return None
        mine = (point.c.clinic_id == scope.clinic_id) & (point.c.id == row.point_id)
        scope.connection.execute(update(point).where(mine).values(takes_link=True))
        return make_link(scope, row.id, row.episode_id, row.language, public_url, now)

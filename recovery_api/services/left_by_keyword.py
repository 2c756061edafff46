"""Did somebody leave by the carrier's own word? A bare YES undoes that one; to any other stop it is an answer."""

from collections.abc import Sequence

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.consent import CARRIER_STOPS, carrier_confirms
from recovery_api.models import tables
from recovery_api.services.find_contacts import Contact


def left_by_keyword(scope: ClinicScope, contacts: Sequence[Contact]) -> bool:
    """Whether the newest stop of these links was a word on which the carrier acts, or was learned from the carrier.

    Who wrote "please stop", "wrong number" or "she died" and then "yes" says yes to us, and means no texts by it.
    """
    consent = tables.consent
    stop = scope.connection.execute(
        select(consent.c.id, consent.c.source, consent.c.words_sealed)
        .where(
            consent.c.clinic_id == scope.clinic_id,
            consent.c.patient_id.in_([contact.patient_id for contact in contacts]),
            consent.c.contact_point_id.in_([contact.id for contact in contacts]),
            consent.c.granted.is_(False),
        )
        .order_by(consent.c.recorded_at.desc(), consent.c.id.desc())
        .limit(1)
    ).one_or_none()
    if stop is None or stop.source == "carrier":
        return True
    if not stop.source.startswith("opted_out") or stop.words_sealed is None:
        return False
    return carrier_confirms(scope.vault.open("consent.words", stop.id, stop.words_sealed), CARRIER_STOPS)

"""Make the link of one web check-in, or of a questionnaire: opaque, good once and for less than a day."""

import base64
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert

from recovery_api.db import ClinicScope
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.credentials import issue

PLAIN_QUESTION, LINK_TEXT = "check_in_pain", "check_in_link"
PLAIN_FORM, FORM_TEXT = "questionnaire_form", "questionnaire_link"
_BYTES = 16  # 128 bits, in letters and digits alone, so that no phone cuts the end of the address off


def make_link(
    scope: ClinicScope,
    patient_id: UUID,
    episode_id: UUID,
    language: str,
    public_url: str,
    now: datetime,
    asks: str = "check_in",
) -> str:
    """The address that opens one check-in, or one form, of this recovery. Its secret is stored as a digest alone."""
    row_id = new_id()
    row = {
        "clinic_id": scope.clinic_id,
        "id": row_id,
        "patient_id": patient_id,
        "episode_id": episode_id,
        "client_id": new_id(),
        "language": language,
        "created_at": now,
        "asks": asks,
    }
    scope.connection.execute(insert(tables.web_check_in), row)
    secret = base64.b32encode(secrets.token_bytes(_BYTES)).decode().rstrip("=").lower()
    return f"{public_url}/c/{issue(scope.connection, 'web_link', scope.clinic_id, row_id, secret=secret)}"

"""What the pages' own script is answered about passkeys, and for whom passkeys are."""

import json
from typing import Any

from flask import Response

from recovery_api.clinic.session import form_seed
from recovery_api.services.passkey_party import Party
from recovery_api.wiring import wiring


def party() -> Party:
    """The product at its public address, for this browser."""
    settings = wiring().settings
    return Party(settings.public_url, settings.secret_key(), form_seed())


def answer_json(body: str | dict[str, Any], status: int = 200) -> Response:
    """An answer to the script of a page."""
    written = body if isinstance(body, str) else json.dumps(body)
    return Response(written, status, content_type="application/json")

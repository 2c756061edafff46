"""Which addresses a web push may go to: a browser names its push service, and nobody may name another machine."""

import json
import re
from urllib.parse import urlsplit

from recovery_api.domain.errors import Invalid

# Of Chrome and Edge on Android, Firefox, Safari, and Edge on Windows; a dot at the front stands for any name below it.
SERVICES = ("fcm.googleapis.com", "jmt17.google.com", ".push.services.mozilla.com", ".push.apple.com",
            ".notify.windows.com")  # fmt: skip
_LOCAL = ("127.0.0.1", "localhost")
_NAME = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")  # any other sign may end the host for whoever connects to it


def endpoint_of(subscription: str, *, allow_local: bool = False) -> str:
    """The address in a browser's subscription, given as JSON text. Raises Invalid where no push service lives there."""
    try:
        known = json.loads(subscription)
        endpoint = known["endpoint"]
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Invalid("must be a browser's push subscription as JSON", field="token") from None
    is_plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint and "@" not in parts.netloc
    if allow_local and is_plain and host in _LOCAL:
        return str(endpoint)
    if not (is_plain and parts.scheme == "https" and port in (None, 443) and _is_service(host)):
        raise Invalid("names no push service that is known here", field="token")
    return str(endpoint)


def _is_service(host: str) -> bool:
    is_name = _NAME.fullmatch(host) is not None
    return is_name and any(host == name or (name.startswith(".") and host.endswith(name)) for name in SERVICES)

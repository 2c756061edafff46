"""Ask the application for words as Twilio does: signed, waited for, and tried again where the address asks for that."""

import http.client
import time
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from recovery_api.simulator.carrier_callbacks import Overrides, Webhooks, overrides_in

_PAUSE_SECONDS = 0.25


def fetch(webhooks: Webhooks, address: str, fields: Mapping[str, str]) -> str | None:
    """What the application answers to a form, None where it gave no answer that counts."""
    url, _, fragment = address.partition("#")
    overrides = overrides_in(fragment)
    for tries in range(overrides.retries + 1):
        answer, failure = _once(webhooks, url, fields, overrides)
        if failure is None or not overrides.again(failure):
            return answer
        time.sleep(_PAUSE_SECONDS * 2**tries)
    return None


def _once(
    webhooks: Webhooks, url: str, fields: Mapping[str, str], overrides: Overrides
) -> tuple[str | None, str | None]:
    """The answer of one try, or the kind of its failure."""
    is_secure, place = webhooks.place_of(url)
    made = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
    connection = made(place, timeout=overrides.read_seconds)
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, urlencode(fields), webhooks.signed(url, fields))
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace")
    except OSError:
        return None, "ct"
    except http.client.HTTPException:
        return None, "rt"
    finally:
        connection.close()
    return (body, None) if 200 <= answer.status < 300 else (None, f"{answer.status // 100}xx")

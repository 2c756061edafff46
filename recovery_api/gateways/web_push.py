"""Web push without a body, RFC 8030: the browser wakes, and shows what its own page says."""

import requests

from recovery_api.clock import real_now
from recovery_api.domain.errors import Invalid
from recovery_api.domain.push_addresses import endpoint_of
from recovery_api.gateways.push import Gone, OutboundPush, Pushed, PushLater, PushOutcome, PushRefused
from recovery_api.gateways.vapid import VapidKey

SECONDS = (3.0, 4.0)  # to connect, and for the answer
_TOPIC = "waiting"  # a newer push takes the place of one that a sleeping phone has not seen
_GONE, _BUSY = (404, 410), (408, 429)
_OK, _REDIRECT, _SERVER_ERROR = 200, 300, 500


class WebPush:
    """Pushes to the push services of browsers; `contact` is our own public address."""

    def __init__(self, key: VapidKey, contact: str, *, allow_local: bool = False) -> None:
        self._key, self._contact, self._allow_local = key, contact, allow_local

    def push(self, push: OutboundPush) -> PushOutcome:
        """Offers one push to the service that its subscription names, if that is one. Follows no redirect."""
        try:
            endpoint = endpoint_of(push.token, allow_local=self._allow_local)
        except Invalid:
            return PushRefused("address")
        headers = {
            "Authorization": self._key.authorization(endpoint, self._contact, real_now()),
            "TTL": str(max(push.seconds, 0)),
            "Urgency": "normal",
            "Topic": _TOPIC,
        }
        try:
            answer = requests.post(endpoint, headers=headers, timeout=SECONDS, allow_redirects=False, stream=True)
            with answer:
                return _outcome(answer.status_code)
        except requests.RequestException as error:
            return PushLater(type(error).__name__)


def _outcome(status: int) -> PushOutcome:
    if status in _GONE:
        return Gone()
    if status in _BUSY or status >= _SERVER_ERROR:
        return PushLater(f"answer_{status}")
    return Pushed() if _OK <= status < _REDIRECT else PushRefused(f"answer_{status}")

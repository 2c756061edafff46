"""Twilio as our carrier of calls, over the client that the texts use."""

import re
from collections.abc import Container
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from recovery_api.gateways.sms import Accepted, SendOutcome, Unknown
from recovery_api.gateways.twilio import TwilioGateway, with_overrides
from recovery_api.gateways.twilio_answers import whole_second
from recovery_api.gateways.voice import OutboundCall

_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_CLOCK_SKEW = timedelta(minutes=1)
_LONGEST_SECONDS = 900
_MOST_LISTED = 100


class TwilioCalls:
    """Places calls, and looks them up in Twilio's list."""

    def __init__(self, texts: TwilioGateway) -> None:
        self._texts = texts

    def place(self, call: OutboundCall) -> SendOutcome:
        """Offers one call, once; see CallGateway. Nothing is recorded, and a machine is told from a person first."""
        made = self._texts.offer(lambda client: client.calls.create(**_fields(call)))
        if isinstance(made, SendOutcome):
            return made
        sid = getattr(made, "sid", None)
        if not isinstance(sid, str) or _SID.fullmatch(sid) is None:
            return Unknown("answer without an id")
        return Accepted(sid, str(getattr(made, "status", "")))

    def find_call(self, call: OutboundCall, since: datetime, taken: Container[str] = frozenset()) -> str | None:
        """The id of a call already under way; see CallGateway. The oldest, where several match."""
        floor = whole_second(since) - _CLOCK_SKEW
        listed = self._texts.ask(partial(_listed, call))
        matches = [
            (one.date_created or floor, one.sid)
            for one in listed
            if one.direction == "outbound-api"
            and (one.date_created is None or one.date_created >= floor)
            and one.sid not in taken
        ]
        return min(matches)[1] if matches else None


def _listed(call: OutboundCall, client: Any) -> list[Any]:
    return list(client.calls.list(to=call.to, from_=call.from_, limit=_MOST_LISTED))


def _fields(call: OutboundCall) -> dict[str, Any]:
    return {
        "to": call.to,
        "from_": call.from_,
        "url": with_overrides(call.url),
        "fallback_url": with_overrides(call.url),
        "status_callback": with_overrides(call.status_callback),
        "status_callback_event": ["completed"],
        "machine_detection": "DetectMessageEnd",
        "timeout": call.ring_seconds,
        "time_limit": _LONGEST_SECONDS,
        "record": False,
    }

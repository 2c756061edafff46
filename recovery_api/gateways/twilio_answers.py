"""What Twilio's refusals and records mean to us; nothing here speaks to Twilio."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from recovery_api.domain.delivery import FailureKind, kind_of
from recovery_api.gateways.sms import InboundText, Rejected, SendOutcome, SentText, Throttled, Unknown
from recovery_api.packs.carrier_codes import carrier_codes

_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
_OFFER_AGAIN = (FailureKind.RETRY_SAFE, FailureKind.LIMIT)


def outcome_of(refusal: Exception) -> SendOutcome:
    """The outcome that a refusal to send amounts to."""
    code, status = said_by(refusal)
    kind = kind_of(code, carrier_codes(), "api")
    if kind in _OFFER_AGAIN:
        return Throttled(None, code)
    if kind is FailureKind.UNKNOWN_OUTCOME or not 400 <= status < 500:
        return Unknown(f"code {code}")
    return Rejected(code, kind)


def said_by(refusal: Exception) -> tuple[int, int]:
    """The refusal's code and HTTP status, never its words, which hold phone numbers."""
    status = getattr(refusal, "status", 0)
    code = getattr(refusal, "code", None)
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code[:9])
    return (code if isinstance(code, int) and not isinstance(code, bool) else status), status


def is_sid(sid: object) -> bool:
    """Whether this is the id of a text."""
    return isinstance(sid, str) and _SID.fullmatch(sid) is not None


def inbound_texts(messages: Sequence[Any], undated: datetime) -> list[InboundText]:
    """Records of texts that arrived; one without a date counts as of `undated`."""
    return [
        InboundText(
            sid=one.sid,
            from_=one.from_ or "",
            to=one.to or "",
            body=one.body or "",
            received_at=one.date_created or undated,
            media=int(one.num_media or 0),
        )
        for one in messages
    ]


def sent_texts(messages: Sequence[Any], undated: datetime) -> list[SentText]:
    """Records of texts that we sent; one without a date counts as of `undated`."""
    return [SentText(one.sid, str(one.status), one.error_code or None, one.date_created or undated) for one in messages]


def taken_at(message: Any) -> datetime:
    """When Twilio took a text. A record without a date counts as new: nothing is sent again for that."""
    return message.date_created or datetime.max.replace(tzinfo=UTC)


def whole_second(moment: datetime) -> datetime:
    """Twilio's dates have no fractions: a text of 10:00:00.9 is listed as of 10:00:00."""
    return moment.astimezone(UTC).replace(microsecond=0)

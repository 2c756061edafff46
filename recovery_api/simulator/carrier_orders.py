"""What the levers and scripts may ask of phones: to text, to opt out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}")
_LONGEST_BODY = 16_000
_LONGEST_AGO = 400 * 86_400


class BadOrder(ValueError):
    """An order that no phone can carry out."""


@dataclass(frozen=True, slots=True)
class InboundOrder:
    """A text from a phone. Without `number` it goes to who texted that phone last; `ago` dates it back, in seconds."""

    phone: str
    number: str | None
    body: str
    media: int
    ago: float


def inbound_order(wanted: Mapping[str, Any]) -> InboundOrder:
    """A text out of an order in JSON. Raises BadOrder."""
    _only(wanted, ("from", "to", "body", "media", "ago"))
    body, media, ago = wanted.get("body", ""), wanted.get("media", 0), wanted.get("ago", 0)
    if not isinstance(body, str) or len(body) > _LONGEST_BODY or not _encodes(body):
        raise BadOrder("body: a text of at most 16000 characters")
    if isinstance(media, bool) or not isinstance(media, int) or not 0 <= media <= 10:
        raise BadOrder("media: a whole number from 0 to 10")
    if isinstance(ago, bool) or not isinstance(ago, int | float) or not 0 <= ago <= _LONGEST_AGO:
        raise BadOrder("ago: seconds, at most 400 days")
    return InboundOrder(
        phone_in(wanted, "from"), phone_in(wanted, "to") if wanted.get("to") else None, body, media, ago
    )


def opt_out_order(wanted: Mapping[str, Any]) -> tuple[str, str, bool]:
    """Phone, number of ours, and whether it is closed to us, out of an order in JSON. Raises BadOrder."""
    _only(wanted, ("phone", "number", "opted_out"))
    opted_out = wanted.get("opted_out", True)
    if not isinstance(opted_out, bool):
        raise BadOrder("opted_out: true or false")
    return phone_in(wanted, "phone"), phone_in(wanted, "number"), opted_out


def phone_in(wanted: Mapping[str, Any], name: str) -> str:
    """A phone's number out of an order. Raises BadOrder."""
    value = wanted.get(name)
    if not isinstance(value, str) or _PHONE.fullmatch(value) is None:
        raise BadOrder(f"{name}: a number such as +15555550100")
    return value


def _only(wanted: Mapping[str, Any], known: tuple[str, ...]) -> None:
    unknown = [str(name) for name in wanted if name not in known]
    if unknown:
        raise BadOrder(f"{min(unknown)}: unknown")


def _encodes(body: str) -> bool:
    try:
        body.encode()
    except UnicodeEncodeError:
        return False
    return True

"""What the carrier accepts in a request to send, and Twilio's codes for what it does not."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST_BODY = 1600
LONGEST_VALIDITY = 36_000
_SOONEST, _LATEST = timedelta(seconds=300), timedelta(days=35)

# Numbers that Twilio's test credentials answer with an error of their own.
_MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
_MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}


class CarrierError(Exception):
    """A refusal in Twilio's words."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class NewText:
    """A request to send that passed. `send_at` is None for now; `validity` is how long it may wait, in seconds."""

    to: str
    body: str
    from_: str | None
    service_sid: str | None
    callback: str | None
    send_at: datetime | None
    media: int
    validity: int = LONGEST_VALIDITY


def _one_of(*words: str) -> Callable[[str], bool]:
    return lambda value: value.lower() in words


def _sid(prefix: str) -> Callable[[str], bool]:
    pattern = re.compile(f"{prefix}[0-9a-fA-F]{{32}}")
    return lambda value: pattern.fullmatch(value) is not None


def _whole(least: int, most: int) -> Callable[[str], bool]:
    return lambda value: value.isascii() and value.isdigit() and least <= int(value) <= most


def _web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "_" not in (parts.hostname or "_")


def _anything(value: str) -> bool:
    return True


_boolean = _one_of("true", "false")
# The form fields of Twilio's OpenAPI description, each with a check and the code for failing it.
_FIELDS: dict[str, tuple[Callable[[str], bool], int]] = {
    "To": (_anything, 0),
    "From": (_anything, 0),
    "Body": (_anything, 0),
    "MessagingServiceSid": (_sid("MG"), 21705),
    "StatusCallback": (_web_address, 21609),
    "ApplicationSid": (_sid("AP"), 20422),
    "MaxPrice": (_anything, 0),
    "ProvideFeedback": (_boolean, 20422),
    "Attempt": (_whole(1, 100), 20422),
    "ValidityPeriod": (_whole(1, LONGEST_VALIDITY), 21624),
    "ForceDelivery": (_boolean, 20422),
    "ContentRetention": (_one_of("retain", "discard"), 20422),
    "AddressRetention": (_one_of("retain", "obfuscate"), 20422),
    "SmartEncoded": (_boolean, 20422),
    "PersistentAction": (_anything, 0),
    "TrafficType": (_one_of("free"), 20422),
    "ShortenUrls": (_boolean, 20422),
    "ScheduleType": (_one_of("fixed"), 20422),
    "SendAt": (_anything, 0),
    "SendAsMms": (_boolean, 20422),
    "ContentVariables": (_anything, 0),
    "RiskCheck": (_one_of("enable", "disable"), 20422),
    "FallbackFrom": (_anything, 0),
    "MediaUrl": (_web_address, 21620),
    "ContentSid": (_sid("HX"), 21655),
}
_REPEATABLE = ("MediaUrl", "PersistentAction")


def read_new_text(fields: Mapping[str, Sequence[str]], now: datetime) -> NewText:
    """A request to send out of its form. Raises CarrierError with the code that Twilio would give."""
    for name, values in fields.items():
        _check_field(name, values)
    said = {name: values[0] for name, values in fields.items()}
    media = len(fields.get("MediaUrl", ()))
    _check_recipient(said.get("To", ""))
    _check_sender(said)
    _check_body(said.get("Body", ""), other_content=bool(media or "ContentSid" in said))
    return NewText(
        to=said["To"],
        body=said.get("Body", ""),
        from_=said.get("From"),
        service_sid=said.get("MessagingServiceSid"),
        callback=said.get("StatusCallback"),
        send_at=_send_at(said, now),
        media=media,
        validity=int(said.get("ValidityPeriod", LONGEST_VALIDITY)),
    )


def _check_field(name: str, values: Sequence[str]) -> None:
    if name not in _FIELDS:
        raise CarrierError(20001, f"Unknown parameters: {name}")
    check, code = _FIELDS[name]
    if len(values) > 1 and name not in _REPEATABLE:
        raise CarrierError(20422, f"Invalid parameter: {name} is given more than once")
    if not all(check(value) for value in values):
        raise CarrierError(code, f"Invalid parameter: {name}")


def _check_recipient(to: str) -> None:
    if not to:
        raise CarrierError(21604, "A 'To' phone number is required.")
    if _E164.fullmatch(to) is None:
        raise CarrierError(21211, f"Invalid 'To' Phone Number: {to}")
    if to in _MAGIC_TO:
        raise CarrierError(_MAGIC_TO[to], f"Refused for the 'To' number {to}")


def _check_sender(said: Mapping[str, str]) -> None:
    sender = said.get("From")
    if sender is None:
        if "MessagingServiceSid" not in said:
            raise CarrierError(21603, "A 'From' phone number is required.")
        return
    if sender == said["To"]:
        raise CarrierError(21266, "'To' and 'From' number cannot be the same")
    if _E164.fullmatch(sender) is None:
        raise CarrierError(21212, f"Invalid From Number (caller ID): {sender}")
    if sender in _MAGIC_FROM:
        raise CarrierError(_MAGIC_FROM[sender], f"Refused for the 'From' number {sender}")


def _check_body(body: str, other_content: bool) -> None:
    if not body and not other_content:
        raise CarrierError(21602, "Message body is required.")
    if len(body) > _LONGEST_BODY:
        raise CarrierError(21617, "The concatenated message body exceeds the 1600 character limit.")


def _send_at(said: Mapping[str, str], now: datetime) -> datetime | None:
    """When a scheduled text goes; without a messaging service Twilio sends it at once, and so do we."""
    if "ScheduleType" not in said:
        return None
    if "SendAt" not in said:
        raise CarrierError(35111, "SendAt is required with ScheduleType")
    try:
        moment = datetime.fromisoformat(said["SendAt"])
    except ValueError:
        raise CarrierError(35114, "SendAt is not a time") from None
    if moment.tzinfo is None or not _SOONEST <= moment - now <= _LATEST:
        raise CarrierError(35114, "SendAt must be between 300 seconds and 35 days in the future")
    return moment if "MessagingServiceSid" in said else None

"""What Twilio's web hooks may say, field by field.

The signature joins names and values without a mark between them, so that a captured request still
validates after one field has swallowed the next. Hence a grammar for every field we know, tight enough
that no value of one can hold the name of another; the free text of a patient alone is exempt, and what
follows it in the signed order is required.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from recovery_api.hooks.form_fields import MOST_BYTES, MOST_FIELDS, BadForm

__all__ = ["BadForm", "InboundForm", "StatusForm", "read_inbound", "read_status"]

MOST_BODY_CHARACTERS = 16_000
_MOST_MEDIA = 10

_SID = "[0-9a-fA-F]{32}"
_PHONE = r"\+[1-9][0-9]{6,14}|[0-9]{3,8}"
_HIDDEN_PHONE = rf"{_PHONE}|\+[0-9Xx*]{{3,15}}"
_PLACE = r"[^\x00-\x1f\x7f]{0,100}"

_SHARED = {
    "MessageSid": f"(?:SM|MM){_SID}",
    "SmsSid": f"(?:SM|MM){_SID}",
    "AccountSid": f"AC{_SID}",
    "MessagingServiceSid": f"MG{_SID}",
    "ApiVersion": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
}
_INBOUND = {
    **_SHARED,
    "SmsMessageSid": f"(?:SM|MM){_SID}",
    "From": _PHONE,
    "To": _PHONE,
    "Body": r"[\s\S]*",
    "NumMedia": r"[0-9]|10",
    "NumSegments": "[0-9]{1,3}",
    "SmsStatus": "received",
    "OptOutType": "STOP|START|HELP",
    **{side + part: _PLACE for side in ("From", "To") for part in ("City", "State", "Zip", "Country")},
    **{f"MediaUrl{n}": r"https?://[!-~]{1,1000}" for n in range(_MOST_MEDIA)},
    **{f"MediaContentType{n}": r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(?:; ?[!-~]{1,100})?" for n in range(_MOST_MEDIA)},
}
_STATUS = {
    **_SHARED,
    "From": _HIDDEN_PHONE,
    "To": _HIDDEN_PHONE,
    "MessageStatus": "[a-z_]{1,32}",
    "SmsStatus": "[a-z_]{1,32}",
    "ErrorCode": "[0-9]{0,6}",
    "RawDlrDoneDate": "[0-9]{0,14}",
}
_GRAMMARS = {
    "inbound": {name: re.compile(pattern) for name, pattern in _INBOUND.items()},
    "status": {name: re.compile(pattern) for name, pattern in _STATUS.items()},
}
_KNOWN = tuple(_INBOUND | _STATUS)
# What a database cannot hold: NUL, and half of a surrogate pair.
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_UNKNOWN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
# The mark of a field that another one swallowed: its name where that is no word of its own, else with its value.
_SWALLOWED = re.compile(
    r"MessageSid|SmsSid|AccountSid|ServiceSid|ApiVersion|NumMedia|NumSegments|SmsStatus|MessageStatus|OptOutType"
    r"|(?:From|To)(?:City|State|Zip|Country)|MediaUrl[0-9]|MediaContentType[0-9]|(?:From|To)\+?[0-9]{3}|ErrorCode[0-9]"
)


@dataclass(frozen=True, slots=True)
class InboundForm:
    """A text from a phone. Twilio's guess at the sender's town is personal and is dropped.

    `body_may_be_cut` says that a field which we do not know stands right behind the patient's words in the
    signed order: Twilio may have added one, or somebody replays the text with its end taken off.
    """

    message_sid: str
    account_sid: str
    messaging_service_sid: str | None
    from_: str
    to: str
    body: str
    media: int
    opt_out_type: str | None
    body_may_be_cut: bool = False

    def __repr__(self) -> str:
        return f"InboundForm(message_sid={self.message_sid!r}, …)"


@dataclass(frozen=True, slots=True)
class StatusForm:
    """News of a text that we sent; `status` may be a word that Twilio adds one day."""

    message_sid: str
    account_sid: str
    status: str
    error_code: int | None


def read_inbound(fields: Mapping[str, Sequence[str]]) -> InboundForm:
    """A text out of a web hook's fields. Raises BadForm."""
    said = _checked(fields, "inbound", required=("MessageSid", "AccountSid", "From", "To", "Body", "NumMedia"))
    _same(said, "MessageSid", "SmsSid", "SmsMessageSid")
    media = int(said["NumMedia"])
    for name in said:
        if name.startswith("Media") and int(name[-1]) >= media:
            raise BadForm(name, "unannounced")
    return InboundForm(
        message_sid=said["MessageSid"],
        account_sid=said["AccountSid"],
        messaging_service_sid=said.get("MessagingServiceSid"),
        from_=said["From"],
        to=said["To"],
        body=said["Body"],
        media=media,
        opt_out_type=said.get("OptOutType"),
        body_may_be_cut=any("Body" < name < "From" for name in fields),
    )


def read_status(fields: Mapping[str, Sequence[str]]) -> StatusForm:
    """A delivery report out of a web hook's fields. Raises BadForm."""
    said = _checked(fields, "status", required=("MessageSid", "AccountSid", "MessageStatus"))
    _same(said, "MessageSid", "SmsSid")
    _same(said, "MessageStatus", "SmsStatus")
    return StatusForm(
        message_sid=said["MessageSid"],
        account_sid=said["AccountSid"],
        status=said["MessageStatus"],
        error_code=int(said.get("ErrorCode") or 0) or None,
    )


def _checked(fields: Mapping[str, Sequence[str]], kind: str, required: tuple[str, ...]) -> dict[str, str]:
    """The fields that we know, each present once and within its grammar; those that we do not know, bounded."""
    if len(fields) > MOST_FIELDS:
        raise BadForm("", "too_many_fields")
    grammar = _GRAMMARS[kind]
    said: dict[str, str] = {}
    for name, value in _bounded(fields):
        pattern = grammar.get(name)
        if pattern is None:
            _check_unknown(name, value)
            continue
        if pattern.fullmatch(value) is None:
            raise BadForm(name, "malformed")
        if name != "Body" and _SWALLOWED.search(value):
            raise BadForm(name, "swallowed")
        said[name] = value
    for name in required:
        if name not in said:
            raise BadForm(name, "missing")
    return said


def _bounded(fields: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    room = MOST_BYTES
    for name, values in fields.items():
        shown = name if name in _KNOWN else "unknown"
        if len(values) != 1:
            raise BadForm(shown, "repeated")
        room -= len(name) + len(values[0])
        if room < 0 or (name == "Body" and len(values[0]) > MOST_BODY_CHARACTERS):
            raise BadForm(shown, "too_long")
        if _NOT_TEXT.search(name + values[0]):
            raise BadForm(shown, "not_text")
        yield name, values[0]


def _check_unknown(name: str, value: str) -> None:
    # A name may itself end in a swallowed one where it begins as one of ours ("NumSegments1SmsSid"). Others
    # may hold ours, such as a future "ForwardedFrom": they fit into the signed order in one way alone.
    joined = name[1:] + value if name.startswith(_KNOWN) else value
    if _UNKNOWN_NAME.fullmatch(name) is None:
        raise BadForm("unknown", "malformed")
    if _SWALLOWED.search(joined):
        raise BadForm("unknown", "swallowed")


def _same(said: Mapping[str, str], first: str, *others: str) -> None:
    for other in others:
        if said.get(other, said[first]) != said[first]:
            raise BadForm(other, "differs")

"""What Twilio's web hooks about calls may say, field by field, tight enough that none can swallow another."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recovery_api.hooks.form_fields import BadForm

__all__ = ["BadForm", "VoiceForm", "read_voice"]

_SID = "[0-9a-fA-F]{32}"
_PHONE = r"\+?[0-9]{3,16}|anonymous|Anonymous|restricted|unavailable|unknown"
_STATUS = "queued|initiated|ringing|in-progress|completed|busy|failed|no-answer|canceled|answered"
_WHOLE = "[0-9]{0,10}"
_PLACE = r"[^\x00-\x1f\x7f]{0,100}"
_KNOWN = {
    "CallSid": f"CA{_SID}",
    "ParentCallSid": f"CA{_SID}",
    "DialCallSid": f"CA{_SID}",
    "AccountSid": f"AC{_SID}",
    "ApiVersion": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "From": _PHONE,
    "To": _PHONE,
    "Called": _PHONE,
    "Caller": _PHONE,
    "ForwardedFrom": _PHONE,
    "CallStatus": _STATUS,
    "DialCallStatus": _STATUS,
    "Direction": "inbound|outbound-api|outbound-dial",
    "Digits": r"[0-9*#A-DwW]{0,32}",
    "FinishedOnKey": r"[0-9*#]{0,1}|timeout",
    "AnsweredBy": "human|fax|unknown|machine_(?:start|end_beep|end_silence|end_other)",
    "MachineDetectionDuration": _WHOLE,
    "CallDuration": _WHOLE,
    "Duration": _WHOLE,
    "DialCallDuration": _WHOLE,
    "DialBridged": "true|false",
    "SequenceNumber": _WHOLE,
    "SipResponseCode": _WHOLE,
    "ErrorCode": _WHOLE,
    "CallbackSource": "[a-z-]{1,40}",
    "Timestamp": r"[A-Za-z0-9 ,:+-]{0,40}",
    "msg": r"[A-Za-z ]{0,40}",
    **{
        side + part: _PLACE
        for side in ("From", "To", "Called", "Caller")
        for part in ("City", "State", "Zip", "Country")
    },
}
_GRAMMAR = {name: re.compile(pattern) for name, pattern in _KNOWN.items()}
_UNKNOWN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_MOST_CHARACTERS = 2000
# The mark of a field that another one swallowed: those that we act upon, behind anything else.
_SWALLOWED = re.compile(
    r"(?:Call|Account|ParentCall|DialCall)Sid(?:CA|AC)|CallStatus|Digits[0-9*#]|AnsweredBy|ApiVersion2|Direction(?:in|out)"
    r"|(?:From|To)\+?[0-9]{3}|FinishedOnKey"
)


@dataclass(frozen=True, slots=True)
class VoiceForm:
    """News of a call: `digits` is None where no question was asked, empty where it was met with silence."""

    call_sid: str
    account_sid: str
    from_: str
    to: str
    status: str
    digits: str
    answered_by: str
    dialed: str | None

    def __repr__(self) -> str:
        return f"VoiceForm(call_sid={self.call_sid!r}, …)"


def read_voice(fields: Mapping[str, Sequence[str]]) -> VoiceForm:
    """A call's news out of a web hook's fields. Raises BadForm."""
    said: dict[str, str] = {}
    for name, values in fields.items():
        shown = name if name in _GRAMMAR else "unknown"
        if len(values) != 1 or len(values[0]) > _MOST_CHARACTERS:
            raise BadForm(shown, "repeated" if len(values) != 1 else "too_long")
        _check(name, shown, values[0])
        said[name] = values[0]
    for name in ("CallSid", "AccountSid", "From", "To", "CallStatus"):
        if name not in said:
            raise BadForm(name, "missing")
    return VoiceForm(
        call_sid=said["CallSid"],
        account_sid=said["AccountSid"],
        from_=said["From"],
        to=said["To"],
        status=said["CallStatus"],
        digits=said.get("Digits", "").removesuffix("#"),
        answered_by=said.get("AnsweredBy", "unknown"),
        dialed=said.get("DialCallStatus"),
    )


def _check(name: str, shown: str, value: str) -> None:
    pattern = _GRAMMAR.get(name)
    if pattern is not None and pattern.fullmatch(value) is None:
        raise BadForm(shown, "malformed")
    if pattern is None and (_UNKNOWN_NAME.fullmatch(name) is None or "\x00" in value):
        raise BadForm(shown, "malformed")
    # A name may itself end in a swallowed one where it begins as one of ours.
    joined = name[1:] + value if pattern is None and name.startswith(tuple(_GRAMMAR)) else value
    if _SWALLOWED.search(joined):
        raise BadForm(shown, "swallowed")

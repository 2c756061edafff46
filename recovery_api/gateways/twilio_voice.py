"""What Twilio is told to say and to wait for: TwiML, written by the standard library, which escapes every value."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

SILENCE_SECONDS = 8
DIAL_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Ask:
    """A question: its words, and the address that gets the keys (or none, after silence)."""

    words: Sequence[str]
    action: str


@dataclass(frozen=True, slots=True)
class Connect:
    """Put the caller through to `number`, and tell `action` how that ended."""

    number: str
    action: str
    caller_id: str


def twiml(told: Sequence[str], then: Ask | Connect | None, voice: str) -> str:
    """One answer to Twilio: words that no key cuts short, then a question, another phone, or the end of the call."""
    response = Element("Response")
    for words in told:
        _say(response, words, voice)
    if isinstance(then, Ask):
        gather = SubElement(
            response, "Gather", input="dtmf", finishOnKey="#", timeout=str(SILENCE_SECONDS),
            actionOnEmptyResult="true", method="POST", action=then.action,
        )  # fmt: skip
        for words in then.words:
            _say(gather, words, voice)
    elif isinstance(then, Connect):
        SubElement(
            response, "Dial", timeout=str(DIAL_SECONDS), callerId=then.caller_id, method="POST", action=then.action
        ).text = then.number
    else:
        SubElement(response, "Hangup")
    return tostring(response, encoding="unicode")


def _say(parent: Element, words: str, voice: str) -> None:
    SubElement(parent, "Say", language=voice).text = words
    SubElement(parent, "Pause", length="1")

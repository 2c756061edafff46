"""Whom a text speaks to: a caregiver's own words, and the label where one phone belongs to several people."""

import re

from recovery_api.domain.messages import MessagePack

_CAREGIVER = "_caregiver"
_LINK = re.compile(r"(/c/)[a-z2-7]{26}\b")


def key_for(pack: MessagePack, key: str, language: str, whose: str) -> str:
    """The key of the text in the words for its reader; the patient's own where there are no others."""
    own = key + _CAREGIVER
    return own if whose == "caregiver" and own in pack.keys(language) else key


def is_invitation(key: str | None) -> bool:
    """Whether a text asks somebody to join."""
    return key is not None and key.removesuffix(_CAREGIVER) == "enrol_ask"


def labelled(text: str, label: str) -> str:
    """The text behind the label that the clinic chose; an empty label adds nothing."""
    return f"{label}: {text}" if label else text


def without_link(text: str) -> str:
    """A text as others may read it: what opens a patient's own page is left out."""
    return _LINK.sub(r"\1…", text)

"""Whom a text speaks to: a caregiver's own words, and the label where one phone belongs to several people."""

import re

from recovery_api.domain.messages import MessagePack

_CAREGIVER = "_caregiver"
INVITATIONS = ("enrol_ask", "enrol_ask_caregiver")
# Texts that ask about the patient, or for consent: to a caregiver they never leave in words for somebody else.
_ALWAYS = re.compile("are_you_ok|baseline_pain|check_in_(pain|worst|minutes|pills)|enrol_ask|missed_.*|saved_jump")
_LINK = re.compile(r"(/c/)[a-z2-7]{26}\b")


def key_for(pack: MessagePack, key: str, language: str, whose: str) -> str:
    """The key of the text in the words for its reader; the patient's own where there are no others.

    What a clinic says in its own words, as a limit that it sets, reaches caregivers too, until it words theirs itself.
    """
    twin = twin_of(key)
    if whose != "caregiver" or twin not in pack.keys(language):
        return key
    is_own, has_own_twin = (language, key) in pack.own, (language, twin) in pack.own
    return key if is_own and not has_own_twin and _ALWAYS.fullmatch(key) is None else twin


def twin_of(key: str) -> str:
    """The key of the same text in words for a caregiver."""
    return key + _CAREGIVER


def untwinned(key: str) -> str | None:
    """The key of the patient's text whose twin this is; None where it is no twin."""
    return key.removesuffix(_CAREGIVER) if key.endswith(_CAREGIVER) else None


def speaks_to_caregivers(pack: MessagePack, key: str, language: str) -> bool:
    """Whether a text has words that a caregiver can be sent."""
    return key in pack.for_all or untwinned(key) is not None or twin_of(key) in pack.keys(language)


def is_invitation(key: str | None) -> bool:
    """Whether a text asks somebody to join."""
    return key in INVITATIONS


def labelled(text: str, label: str) -> str:
    """The text behind the label that the clinic chose; an empty label adds nothing."""
    return f"{label}: {text}" if label else text


def without_link(text: str) -> str:
    """A text as others may read it: what opens a patient's own page is left out."""
    return _LINK.sub(r"\1…", text)

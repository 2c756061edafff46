"""What must hold for every text that anybody can send to the reply reader."""

import re
from unicodedata import combining, normalize

from recovery_api.domain.replies import QUESTIONS, Reply
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.packs.reading import reply_reader

DANGERS = {
    "en": (
        "I cant feel my legs",
        "chest pain",
        "I fell",
        "temp 101.3",
        "I want to die",
        "pus is coming out of the wound",
    ),
    "es": ("no puedo orinar", "me sale pus de la herida", "no siento las piernas", "tengo fiebre", "me cai"),
}
INTENTS = {
    "check_in", "symptoms", "report", "ask_again", "opt_out", "opt_in", "help", "call_me", "wrong_person", "deceased",
    "appointment_confirm", "appointment_change", "activity", "medication", "thinner_started", "thinner_not_started",
}  # fmt: skip
MOST_URGENT_FIRST = ("emergency", "urgent", "today", "review", None)
QUESTIONS_AND_OTHERS = (*QUESTIONS, "", "weather")


def broken_promise(text: str, question: str, which: int) -> str | None:
    """The first promise that the reading of `text` breaks, alone or with a danger of its language behind it."""
    reader = reply_reader()
    alone = reader.read(text, question)
    danger = DANGERS[alone.language][which % len(DANGERS[alone.language])]
    added, together = reader.read(danger, question), reader.read(f"{text}. {danger}.", question)
    rank = MOST_URGENT_FIRST.index
    if not _is_letters(text) and rank(together.tier) > min(rank(alone.tier), rank(added.tier)):
        return f"{danger!r} behind it lowers the tier to {together.tier}"
    return _fault_of(alone) or _fault_of(together)


def _is_letters(text: str) -> bool:
    """Whether a text is nothing but letters of the symptom question, "aaa" too: before words, an "a" is an article."""
    plain = "".join(one for one in normalize("NFKD", text).casefold() if not combining(one))
    return bool(text.strip()) and all(len(set(word)) == 1 for word in re.findall(r"\w+", plain))


def _fault_of(reply: Reply) -> str | None:
    faults = {
        "pain is no score": reply.pain is not None and not (type(reply.pain) is int and 0 <= reply.pain <= 10),
        "the suggestion is no score": reply.suggest is not None and not 0 <= reply.suggest <= 10,
        "pain and a suggestion": reply.pain is not None and reply.suggest is not None,
        "an unknown intent": reply.intent not in INTENTS,
        "an unknown symptom": not reply.symptoms <= SYMPTOM_TIERS.keys(),
        "an impossible confidence": not 0 <= reply.confidence <= 1,
        "no reason": not reply.because,
        "an unknown language": reply.language not in ("en", "es"),
    }
    return next((fault for fault, holds in faults.items() if holds), None)

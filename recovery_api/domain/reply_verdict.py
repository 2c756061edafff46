"""Weighs everything that was found in a reply into one intent, one tier and a reason a nurse understands."""

from dataclasses import dataclass

from recovery_api.domain.reply_dangers import Dangers
from recovery_api.domain.reply_lexicon import Words
from recovery_api.domain.reply_scores import Score
from recovery_api.domain.reply_words import STOP
from recovery_api.domain.symptoms import LETTERS, SYMPTOM_TIERS
from recovery_api.domain.tiers import Tier, worst

_SERIOUS = (Tier.EMERGENCY, Tier.URGENT)
_CONFIDENCE = {"exact": 1.0, "about": 0.9, "proxy": 0.9, "over_scale": 0.9, "range": 0.8, "correction": 0.8}
_UNREAD = "Not all of it was understood."
# All that a text says where a blood thinner was not started again: a no to anything else, as to pain, is no answer.
_NOT_RESTARTED = frozenset(
    (
        "2", "two", "dos", "no", "nope", "n", "not yet", "no not yet", "no i dont", "no i do not", "no i havent",
        "no i have not", "i dont", "i do not", "i havent", "i have not", "will do later", "later",
        "aun no", "todavia no", "no aun", "no todavia", "no aun no", "no todavia no", "no la tomo", "no lo tomo",
        "no no la tomo", "no no lo tomo", "no la he tomado", "no lo he tomado", "mas tarde", "despues",
    )
)  # fmt: skip
_REASONS = {
    "opt_out": "They ask for the texts to stop.",
    "opt_in": "They ask for the texts to start again.",
    "help": "They ask for help.",
    "call_me": "They ask for a call.",
    "wrong_person": "They say that we have the wrong person.",
    "deceased": "They say that the patient has died.",
    "appointment_confirm": "They confirm the visit.",
    "appointment_change": "They want to change the visit.",
    "thinner_started": "They take the blood thinner again.",
    "thinner_not_started": "They do not take the blood thinner again.",
    "symptoms": "They name no new symptom.",
}
_QUALIFIERS = {
    "about": "roughly",
    "range": "the higher of the two",
    "over_scale": "more than the scale has",
    "proxy": "somebody else answered",
    "correction": "a correction",
}


@dataclass(slots=True)
class Evidence:
    """All that the readers found in one reply; `unread` where words are left that nobody understood."""

    words: Words
    question: str
    score: Score
    dangers: Dangers
    letters: frozenset[str]
    requests: frozenset[str]
    minutes: int | None = None
    pills: int | None = None
    unread: bool = False

    @property
    def serious(self) -> bool:
        """Whether the reply reports something that cannot wait."""
        return bool(self.letters) or any(sighting.danger.tier in _SERIOUS for sighting in self.dangers.found)

    @property
    def symptoms(self) -> frozenset[str]:
        """The symptom codes of the letters and of the words together."""
        if not self.dangers.found:
            return self.letters
        return self.letters | {s.danger.symptom for s in self.dangers.found if s.danger.symptom}


def intent_of(evidence: Evidence) -> str:
    """The one intent of a reply: what must never be lost comes first."""
    asked = evidence.requests
    pain = evidence.score.pain is not None
    if "opt_out" in asked:
        return "opt_out"
    if "deceased" in asked:
        return "deceased"
    if evidence.serious:
        return "check_in" if pain else "report"
    if "wrong_person" in asked and not pain:
        return "wrong_person"
    if "call_me" in asked:
        return "call_me"
    return _answer(evidence) or ("check_in" if pain else _rest(evidence))


def _answer(evidence: Evidence) -> str | None:
    """The intent of an answer to the visit, walking, pill or blood thinner question, None for anything else."""
    asked, question = evidence.requests, evidence.question
    if question == "thinner" and (restarted := _restarted(evidence)):
        return restarted
    if question == "appointment":
        if "decline" in asked or "appointment_change" in asked:
            return "appointment_change"
        if "confirm" in asked:
            return "appointment_confirm"
    if "appointment_change" in asked:
        return "appointment_change"
    if evidence.minutes is not None:
        return "activity"
    if evidence.pills is not None:
        return "medication"
    return None


def _restarted(evidence: Evidence) -> str | None:
    """Whether a blood thinner was started again: what may mean anything but a plain 1 is asked about again."""
    said = [piece for piece in evidence.words.pieces if piece != STOP]
    if " ".join(said) in _NOT_RESTARTED:
        return "thinner_not_started"
    return "thinner_started" if said == ["1"] else None


def _rest(evidence: Evidence) -> str:
    asked = evidence.requests
    if "opt_in" in asked or ("opt_in_if_idle" in asked and evidence.question == "any"):
        return "opt_in"
    if "help" in asked or "info" in asked:
        return "help"
    if evidence.dangers.found:
        return "ask_again" if all(s.danger.distress for s in evidence.dangers.found) else "report"
    if evidence.dangers.denied or ("nothing_new" in asked and _answers_symptoms(evidence)):
        return "symptoms"
    return "ask_again"


def _answers_symptoms(evidence: Evidence) -> bool:
    return evidence.question == "symptoms" or evidence.words.pieces[:1] == ["n"]


def tier_of(evidence: Evidence) -> Tier | None:
    """The most urgent tier that the words call for."""
    tiers: list[Tier | None] = [sighting.danger.tier for sighting in evidence.dangers.found]
    if evidence.letters:
        tiers += [SYMPTOM_TIERS[symptom] for symptom in evidence.letters]
    if "deceased" in evidence.requests or "help" in evidence.requests:
        tiers.append(Tier.TODAY)
    return worst(*tiers) if tiers else None


def qualifier_of(evidence: Evidence) -> str:
    """How the score was given, or what kind of text it was where there is none."""
    if evidence.score.qualifier != "none":
        return evidence.score.qualifier
    if "acknowledgement" in evidence.requests:
        return "thanks"
    return "hour" if "set_hour" in evidence.requests else "words" if evidence.words.pieces else "empty"


def confidence_of(evidence: Evidence, intent: str) -> float:
    """From 0 (nothing usable) to 1 (a plain number)."""
    if evidence.score.pain is not None:
        return _CONFIDENCE.get(evidence.score.qualifier, 0.8)
    return 0.2 if intent == "ask_again" else 0.8


def because_of(evidence: Evidence, intent: str) -> str:
    """One short sentence for the nurse: why the reply was read so."""
    reasons = _danger_reasons(evidence)
    if evidence.letters:
        reasons += [f"Letter {letter}." for letter, symptom in LETTERS.items() if symptom in evidence.letters]
    if intent in _REASONS and (intent != "symptoms" or not reasons):
        reasons.append(_REASONS[intent])
    if evidence.score.pain is not None:
        qualifier = _QUALIFIERS.get(evidence.score.qualifier)
        reasons.append(f"Pain {evidence.score.pain}{f' ({qualifier})' if qualifier else ''}.")
    if evidence.minutes is not None:
        reasons.append(f"{evidence.minutes} minutes walked.")
    if evidence.pills is not None:
        reasons.append(f"{evidence.pills} pills taken.")
    if evidence.unread:
        return " ".join([*(reasons or [_unusable(evidence)]), _UNREAD])
    return " ".join(reasons) or _unusable(evidence)


def _danger_reasons(evidence: Evidence) -> list[str]:
    """One reason for each kind of danger, the most urgent first, in the patient's longest words for it."""
    said: dict[str, str] = {}
    found = evidence.dangers.found
    for sighting in found if len(found) == 1 else sorted(found, key=lambda s: (s.danger.tier.rank, s.start - s.end)):
        said.setdefault(sighting.danger.say, " ".join(evidence.words.pieces[sighting.start : sighting.end]))
    return [f'{say[0].upper()}{say[1:]}: "{words}".' for say, words in said.items()]


def _unusable(evidence: Evidence) -> str:
    if evidence.score.suggest is not None:
        return f"Perhaps {evidence.score.suggest}, but not surely."
    return "No pain score that is safe to save." if evidence.words.pieces else "No words to read."

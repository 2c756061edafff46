"""What a patient's text message means: a pure function of the text, the open question and the language."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from recovery_api.domain.reply_answers import COUNTED, AnswerReader
from recovery_api.domain.reply_dangers import DangerReader
from recovery_api.domain.reply_lexicon import Lexicon, Words
from recovery_api.domain.reply_patterns import PatternIndex
from recovery_api.domain.reply_requests import RequestReader
from recovery_api.domain.reply_scores import NO_SCORE, Score, ScoreReader
from recovery_api.domain.reply_unread import UnreadReader
from recovery_api.domain.reply_verdict import (
    Evidence,
    because_of,
    confidence_of,
    intent_of,
    qualifier_of,
    tier_of,
)
from recovery_api.domain.reply_vocabulary import Packs
from recovery_api.domain.reply_words import is_tapback, without_quotation
from recovery_api.domain.tiers import Tier

READER_VERSION = "6"
QUESTIONS = ("pain", "symptoms", "activity", "medication", "appointment", "thinner", "any")

_SHORT, _KEPT = 20, 8192
_SIGNED = re.compile(r"\s*[-.]\d")


@dataclass(frozen=True, slots=True)
class Reply:
    """What was made of one text.

    `pain` is 0 to 10, safe to save without asking, and can stand beside any `intent`; `suggest` is what to offer when
    asking back. `symptoms` are codes of `SYMPTOM_TIERS`; `tier` is what the words themselves call for. `minutes` were
    walked, `pills` taken, `choice` is a bare digit 1 to 9, `hour` (0 to 23) the wanted hour of the check-in. `unread`
    where it says more than was understood and calls for no tier: a person has to read it. `proxy` where somebody else
    answers for the patient.
    """

    intent: str
    pain: int | None
    suggest: int | None
    symptoms: frozenset[str]
    tier: Tier | None
    qualifier: str
    confidence: float
    because: str
    language: str
    minutes: int | None = None
    pills: int | None = None
    choice: int | None = None
    pain_is_correction: bool = False
    hour: int | None = None
    unread: bool = False
    proxy: bool = False


class ReplyReader:
    """Reads replies by the words and patterns of language packs; built once, used for every text."""

    def __init__(self, packs: Packs) -> None:
        self._lexicon = Lexicon(packs)
        self._index = PatternIndex(self._lexicon)
        self._scores = ScoreReader(self._index, packs)
        self._dangers = DangerReader(self._index, packs)
        self._requests = RequestReader(self._index, packs)
        self._answers = AnswerReader(self._index, packs)
        self._unread = UnreadReader(self._lexicon)
        self._sounds_like = {name: pack["sounds_like"] for name, pack in packs.items()}
        # Most replies are a bare digit or two: the short ones are remembered.
        self._read_short = lru_cache(maxsize=_KEPT)(self._read)

    def read(self, text: str, question: str = "any", language: str = "en") -> Reply:
        """What `text` means as a reply to `question`, one of QUESTIONS (all else counts as "any"). Never raises."""
        asked = question if question in QUESTIONS else "any"
        said = text.strip(" ")
        return (self._read_short if len(said) <= _SHORT else self._read)(said, asked, language)

    def _read(self, text: str, question: str, language: str) -> Reply:
        words = self._lexicon.read(without_quotation(text), language)
        evidence = self._evidence(words, question)
        intent, score, tier = intent_of(evidence), evidence.score, tier_of(evidence)
        scored = score.pain is not None or evidence.minutes is not None or evidence.pills is not None
        more = "death_of_another" in evidence.requests or self._leaves_letter(evidence)
        evidence.unread = tier is None and (more or self._unread.says_more(words, evidence.dangers, scored=scored))
        return Reply(
            intent=intent,
            pain=score.pain,
            suggest=score.suggest,
            symptoms=evidence.symptoms,
            tier=tier,
            qualifier=qualifier_of(evidence),
            confidence=confidence_of(evidence, intent),
            because=because_of(evidence, intent),
            language=words.language,
            minutes=evidence.minutes,
            pills=evidence.pills,
            choice=_choice(words),
            pain_is_correction=score.correction and score.pain is not None,
            hour=self._requests.hour(words) if "set_hour" in evidence.requests else None,
            unread=evidence.unread,
            proxy="proxy" in evidence.requests,
        )

    def _evidence(self, words: Words, question: str) -> Evidence:
        possible = self._index.possible(words.codes)
        dangers = self._dangers.read(words, possible)
        requests = self._requests.read(words, possible)
        score = self._scores.read(words, question, dangers, stops="opt_out" in requests, possible=possible)
        if score == NO_SCORE or (score.pain is None and not requests.isdisjoint(("pain_free", "zero_words"))):
            score = self._score_in_words(words, question, requests)
        no_answer = "set_hour" in requests or is_tapback(words.raw)
        score = NO_SCORE if no_answer else _unsure_if_signed(words, score)
        if "proxy" in requests and score.pain is not None and score.qualifier == "exact":
            score = replace(score, qualifier="proxy")
        letters = self._answers.symptoms(words, question, possible)
        if not letters and self._answers.denies_all(words):
            requests |= {"nothing_new"}
        amount = None
        if score.pain is None and question in COUNTED:
            theirs = self._scores.of_others(words, possible) if words.values else frozenset()
            amount = self._answers.amount(words, question, requests, theirs)
        return Evidence(
            words,
            question,
            score,
            dangers,
            letters,
            requests,
            minutes=amount if question == "activity" else None,
            pills=amount if question == "medication" else None,
        )

    def _leaves_letter(self, evidence: Evidence) -> bool:
        """Whether a letter was neither reported nor denied."""
        left = self._answers.leaves_letter(evidence.words, evidence.question)
        return left and "nothing_new" not in evidence.requests

    def _score_in_words(self, words: Words, question: str, requests: frozenset[str]) -> Score:
        """ "None" and "no pain" are 0; a word that sounds like a number is only offered."""
        if "pain_free" in requests and question in ("pain", "any"):
            return Score(pain=0, qualifier="exact")
        if "zero_words" in requests and question == "pain":
            return Score(pain=0, qualifier="exact")
        if ("zero_words" in requests and question == "any") or ("pain_free" in requests and question == "symptoms"):
            return Score(suggest=0, qualifier="unclear")
        if len(words.pieces) == 1 and question == "pain":
            return Score(suggest=self._sounds_like[words.language].get(words.pieces[0]), qualifier="unclear")
        return NO_SCORE


def _choice(words: Words) -> int | None:
    bare = len(words.pieces) == 1 and words.values and words.pieces[0].isdecimal()
    return int(words.values[0]) if bare and 1 <= words.values[0] <= 9 else None


def _unsure_if_signed(words: Words, score: Score) -> Score:
    """A score written "-1" or ".5" is asked about, never saved."""
    if score.pain is None or not _SIGNED.match(words.text):
        return score
    return Score(suggest=None if words.text.lstrip().startswith("-") else score.pain, qualifier="unclear")

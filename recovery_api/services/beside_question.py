"""One question at a time on a phone: what asks for another number waits for no answer, it asks nothing or stays."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from recovery_api.db import AnyRow
from recovery_api.services.find_contacts import QUESTION_LASTS
from recovery_api.services.judge_reminder import Verdict

ASKED_NOTHING = "visit_tomorrow"  # tells of a visit without a question
_NUMBERS = frozenset({"pain", "thinner", "who"})  # open questions whose answer is a number, or comes with one


def beside_question(verdict: Verdict, phones: Sequence[AnyRow], now: datetime) -> Verdict:
    """The verdict on a reminder of this patient, whose phones may have the question about pain open.

    A number that comes then is a pain score (shipped protocol): minutes and pills are left out, a visit is told of
    without a choice of 1 or 2. Nor does the question about a blood thinner take the place of the one about symptoms.
    """
    if verdict.why is not None or verdict.question in (None, "pain", "symptoms"):
        return verdict
    awaited = _NUMBERS | {"symptoms"} if verdict.question == "thinner" else _NUMBERS
    if not any(_is_asked(row, awaited, now) for row in phones):
        return verdict
    if verdict.question == "appointment":
        return replace(verdict, text_key=ASKED_NOTHING, question=None)
    return Verdict(why="question_open")


def _is_asked(row: AnyRow, awaited: frozenset[str], now: datetime) -> bool:
    asked_at = row.question_asked_at
    return row.open_question in awaited and asked_at is not None and now - asked_at <= QUESTION_LASTS

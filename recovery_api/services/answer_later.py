"""Take the answers of a web check-in that a browser kept without a network: write-only, once, however often sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from recovery_api.db import Vaults
from recovery_api.domain.errors import Invalid
from recovery_api.domain.web_answers import QUESTIONS, SYMPTOMS, WebAnswers
from recovery_api.services.advise import Advice
from recovery_api.services.answer_web_check_in import entered_check_in, read_entered, report_answers
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.find_recovery import find_recovery_of
from recovery_api.services.read_config import symptom_tiers


@dataclass(frozen=True, slots=True)
class Kit:
    """What a browser keeps to go on without a network: whom to call for what, and by what its answers go later."""

    token: str
    phone: str
    emergency: str
    tiers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LaterAnswers:
    """Answers by question as a form sends them; None where one was not asked. `recorded_at` is the phone's own time."""

    said: Mapping[str, str | None]
    symptoms: Sequence[str]
    recorded_at: datetime
    language: str

    @property
    def answers(self) -> WebAnswers:
        """The same, read as strictly as a page's. Raises Invalid."""
        answers = WebAnswers({})
        for step in QUESTIONS:
            said = self.said.get(step)
            if said is not None:
                answers = answers.with_answer(step, said)
        return answers.with_answer(SYMPTOMS, "", self.symptoms) if self.symptoms else answers


def read_kit(session: str, vaults: Vaults) -> Kit:
    """What the browser of a session may keep. Raises Unauthenticated where the session is worth nothing."""
    with entered_check_in("web_session", session, vaults) as (scope, _):
        tiers = symptom_tiers(rules_of(scope))
        return Kit(later_token(session, vaults), scope.phone, scope.emergency_number, tiers)


def later_token(session: str, vaults: Vaults) -> str:
    """The secret that sends the answers of this session and reads nothing; it follows from the session's own."""
    return vaults.data_key.successor(session, "web_later")


def answer_later(token: str, given: LaterAnswers, vaults: Vaults, now: datetime) -> Advice | None:
    """Report what was kept, with the time at which it was answered; what was sent already stays as it is.

    Raises Unauthenticated, Invalid, or NotFound where the recovery has ended.
    """
    with entered_check_in("web_later", token, vaults) as (scope, row):
        if row.check_in_id is None:
            if given.recorded_at.tzinfo is None:
                raise Invalid("must name its offset", field="recorded_at")
            at = given.recorded_at.astimezone(find_recovery_of(scope, row.episode_id).zone)
            row = report_answers(scope, row, given.answers, at, given.language, now)
        return read_entered(scope, row).advice

"""Enter a questionnaire on a patient's behalf: by the same road as the patient's own, with who answered it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from recovery_api.db import ClinicScope
from recovery_api.domain.check_in import CheckInFacts
from recovery_api.domain.questionnaires import is_low_mood
from recovery_api.services.advise import Advice
from recovery_api.services.answer_questionnaire import AnsweredQuestionnaire, QuestionnaireRead, answer_questionnaire
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.fill_in_form import HARM
from recovery_api.services.record_audit import Actor
from recovery_api.services.report_check_in import Submission, report_check_in


@dataclass(frozen=True, slots=True)
class Entered:
    """What was stored, whether it tells of a low mood, and what to tell a patient who thinks of harm."""

    stored: QuestionnaireRead
    is_low: bool
    advice: Advice | None


def enter_form(
    scope: ClinicScope, patient_id: UUID, sent: AnsweredQuestionnaire, tells_of_harm: bool, actor: Actor, now: datetime
) -> Entered:
    """Store what a patient told a clinician; thoughts of harm become an emergency, as a reported symptom does.

    Raises Invalid, NotFound where no recovery is running, or Conflict where its id was used for other answers.
    """
    stored, _ = answer_questionnaire(scope, patient_id, sent, actor, now)
    is_low = is_low_mood(stored.instrument, stored.score, rules_of(scope))
    if not tells_of_harm:
        return Entered(stored, is_low, None)
    told = Submission(
        facts=CheckInFacts(symptoms=(HARM,), answered_symptoms=True),
        recorded_at=sent.recorded_at,
        local_on=None,
        client_id=uuid5(sent.client_id, HARM),
        channel="staff",
        actor=actor,
        answered_by=sent.answered_by,
    )
    return Entered(stored, is_low, report_check_in(scope, patient_id, told, now).check_in.advice)

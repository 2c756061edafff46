"""Advise a patient right after an answer: what to do now, and whom to call where it calls for that."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from recovery_api.db import ClinicScope
from recovery_api.domain.check_in import CheckInFacts
from recovery_api.domain.lifelines import SELF_HARM, danger_text
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier, worst
from recovery_api.services.clinic_texts import texts_of
from recovery_api.services.queue_texts import standing_values
from recovery_api.services.read_about import what_to_report
from recovery_api.services.say_how_soon import hours_until_call

_CALLED = (Tier.URGENT, Tier.TODAY)  # somebody calls within the hours that the words name


@dataclass(frozen=True, slots=True)
class Advice:
    """What a patient was told: how soon somebody acts, the words, and a phone to call where one is called for."""

    tier: str | None
    text: str
    phone: str | None

    @property
    def about(self) -> str:
        """The page that says what is usual, what is not and when to call."""
        return what_to_report()

    def as_json(self) -> str:
        """The advice as it is kept."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, kept: str) -> "Advice":
        """The advice as it was given."""
        return cls(**json.loads(kept))


def advise(
    scope: ClinicScope, language: str, findings: Sequence[Finding], facts: CheckInFacts, now: datetime
) -> Advice:
    """The advice that these findings call for, in the patient's language."""
    tier = worst(*(finding.tier for finding in findings))
    is_red = any(finding.family == "red_flag" and finding.tier is tier for finding in findings)
    hours = {"h": hours_until_call(scope, tier, findings, now)} if tier in _CALLED else {}
    key, values = _text(tier, is_red, facts.pain, hours)
    if tier in (Tier.EMERGENCY, Tier.URGENT) and SELF_HARM in facts.symptoms:
        key = danger_text(tier, facts.symptoms, scope.emergency_number)
    text = texts_of(scope).render(key, language, standing_values(scope) | values)
    return Advice(tier.value if tier else None, text, _phone(scope, tier))


def _text(tier: Tier | None, is_red: bool, pain: int | None, hours: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The key of the text, and what it needs to know; one of those that make sense away from a text message too."""
    if tier is Tier.EMERGENCY:
        return "emergency", {}
    if tier not in _CALLED:
        return "saved_symptoms", {}
    if pain is not None and not is_red:
        return "saved_worse", hours | {"n": str(pain)}
    return ("urgent", hours) if tier is Tier.URGENT else ("call_back", {})


def _phone(scope: ClinicScope, tier: Tier | None) -> str | None:
    phones: dict[Any, str] = {Tier.EMERGENCY: scope.emergency_number, Tier.URGENT: scope.phone, Tier.TODAY: scope.phone}
    return phones.get(tier)

"""Read what a phone needs to advise without a network: numbers to call, and which symptoms call for what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from recovery_api.db import ClinicScope, Vaults, enter_clinic, open_transaction
from recovery_api.domain.messages import MessagePack
from recovery_api.domain.rules import RulePack
from recovery_api.domain.symptom_words import SYMPTOM_WORDS, WORDS_VERSION
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.domain.tiers import Tier
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.packs.texts import message_pack
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.clinic_texts import texts_of
from recovery_api.services.find_caller import find_caller
from recovery_api.services.list_clinics import find_clinics
from recovery_api.services.read_about import AboutPage, about_pages

USUAL_EMERGENCY_NUMBER = "911"
_TEXTS = {Tier.EMERGENCY: "emergency", Tier.URGENT: "urgent"}


@dataclass(frozen=True, slots=True)
class SymptomTier:
    """A symptom's code, how soon it calls for a person, and its words by language."""

    code: str
    tier: Tier
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AdviceText:
    """What to say at once to who reports a symptom of this tier."""

    tier: Tier
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class PhoneConfig:
    """What a phone keeps; the clinic is None where it is not known which."""

    clinic_name: str | None
    clinic_phone: str | None
    emergency_number: str
    symptoms: Sequence[SymptomTier]
    symptoms_version: str
    advice: Sequence[AdviceText]
    about: Sequence[AboutPage]
    push_key: str | None = None


def read_config(secret: str | None, clinic_id: UUID | None, vaults: Vaults) -> PhoneConfig:
    """The configuration of the caller's clinic, else of the one named, else of the only one. Raises NotFound."""
    with open_transaction() as connection:
        scope = _scope(connection, secret, clinic_id, vaults)
        pack = texts_of(scope) if scope else message_pack()
        rules = rules_of(scope) if scope else rule_pack()
    emergency_number = scope.emergency_number if scope else USUAL_EMERGENCY_NUMBER
    return PhoneConfig(
        clinic_name=scope.name if scope else None,
        clinic_phone=scope.phone if scope else None,
        emergency_number=emergency_number,
        symptoms=[SymptomTier(code, _tier(code, rules), SYMPTOM_WORDS[code]) for code in SYMPTOM_TIERS],
        symptoms_version=f"{rules.version}.{WORDS_VERSION}",
        advice=_advice(scope, emergency_number, pack, rules),
        about=about_pages(),
    )


def _scope(connection: Connection, secret: str | None, clinic_id: UUID | None, vaults: Vaults) -> ClinicScope | None:
    caller = find_caller(connection, secret, vaults) if secret else None
    if caller is not None:
        return caller.scope
    wanted = clinic_id or _only_clinic(connection)
    return enter_clinic(connection, wanted, vaults) if wanted else None


def _only_clinic(connection: Connection) -> UUID | None:
    """Where there is one clinic, whoever asks is meant to call it: also a phone whose token has run out."""
    known = find_clinics(connection)
    return known[0] if len(known) == 1 else None


def symptom_tiers(rules: RulePack | None = None) -> dict[str, str]:
    """How soon each symptom calls for a person, by a clinic's rules or the shipped ones."""
    return {code: _tier(code, rules or rule_pack()).value for code in SYMPTOM_TIERS}


def _tier(code: str, rules: RulePack) -> Tier:
    """The tier in force: the rule's own, where the pack has one for this symptom."""
    rule = rules.symptom_rule(code)
    return rule.tier if rule else SYMPTOM_TIERS[code]


def _advice(scope: ClinicScope | None, emergency_number: str, pack: MessagePack, rules: RulePack) -> list[AdviceText]:
    """A phone keeps these words for any hour of any day, so that they name the longest time."""
    values = {
        "clinic": scope.name if scope else "",
        "phone": scope.phone if scope else "",
        "emergency": emergency_number,
        "h": str(rules.longest_hours(Tier.URGENT)),
    }
    return [
        AdviceText(tier, language, pack.render(key, language, values))
        for tier, key in _TEXTS.items()
        for language in pack.languages
    ]

"""A clinic's own rules: proposed by one, signed by another, and in force for that clinic alone."""

from collections.abc import Callable
from typing import Any

import pytest

from recovery_api.domain.errors import Conflict, Invalid, NotAllowed, NotFound, RecoveryError
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.services.clinic_rules import find_rule, rules_of
from recovery_api.services.record_audit import Actor
from recovery_api.services.sign_rules import propose_rules, refuse_rules, sign_rules
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician, record
from tests.services.phone import Phone

CHANGES: dict[str, Any] = {"rules": {"RF-C": {"tier": "today", "respond_minutes": 600}}}


@pytest.fixture
def lead(clinic: BuiltClinic) -> Actor:
    return actor(make_clinician(clinic, "lead"), "lead")


@pytest.fixture
def second(ben: Persona) -> Actor:
    return actor(ben, "clinician")


def actor(persona: Persona, role: str) -> Actor:
    return Actor("clinician", persona.id, role)


def deed(clinic: BuiltClinic, act: Callable[..., Any], *given: Any) -> Any:
    with clinic.open() as scope:
        return act(scope, *given, clinic.wiring.clock.now())


def put_in_force(clinic: BuiltClinic, lead: Actor, second: Actor, changes: dict[str, Any]) -> None:
    change_id = deed(clinic, propose_rules, changes, "fewer calls at night", lead)
    deed(clinic, sign_rules, change_id, second)


def test_nothing_changes_until_a_second_person_has_signed(
    ann: PatientPersona, lead: Actor, second: Actor, other_clinic: BuiltClinic
) -> None:
    change_id = deed(ann.clinic, propose_rules, CHANGES, "fewer calls at night", lead)
    record(ann, 3, symptoms=("fever",))
    assert deed(ann.clinic, sign_rules, change_id, second) == 1
    with ann.clinic.open() as scope:
        own = rules_of(scope)
        tiers = [found and found.tier for found in (find_rule(scope, "RF-C", one) for one in ("1", "1+1", "1+7"))]
        assert tiers == ["urgent", "today", None]
    assert own.version == f"{rule_pack().version}+1"
    with other_clinic.open() as scope:
        assert rules_of(scope) is rule_pack()
    assert Phone(ann.clinic, ann.phone).flags() == [("red_flag", "urgent")], "what was judged stays as it was"


def test_the_rules_in_force_judge_the_next_answer(ann: PatientPersona, lead: Actor, second: Actor) -> None:
    put_in_force(ann.clinic, lead, second, CHANGES)
    recorded = record(ann, 3, symptoms=("fever",))
    assert [(one.rule, one.rule_version, one.tier) for one in recorded.findings] == [("RF-C", "1+1", "today")]


def test_the_last_signed_change_stands_for_all_before_it(ann: PatientPersona, lead: Actor, second: Actor) -> None:
    put_in_force(ann.clinic, lead, second, CHANGES)
    put_in_force(ann.clinic, lead, second, {})
    recorded = record(ann, 3, symptoms=("fever",))
    assert [(one.rule_version, one.tier) for one in recorded.findings] == [("1", "urgent")]


def test_two_people_change_a_rule(clinic: BuiltClinic, lead: Actor, second: Actor) -> None:
    def refused(error: type[RecoveryError], act: Callable[..., Any], *given: Any) -> None:
        with pytest.raises(error):
            deed(clinic, act, *given)

    nurse = Actor("clinician", second.id, "nurse")
    refused(NotAllowed, propose_rules, CHANGES, "why", second)
    refused(Invalid, propose_rules, CHANGES, "  ", lead)
    refused(Invalid, propose_rules, {"rules": {"RF-A": {"tier": "review"}}}, "why", lead)
    change_id = deed(clinic, propose_rules, CHANGES, "why", lead)
    refused(Conflict, propose_rules, CHANGES, "again", lead)
    refused(NotAllowed, sign_rules, change_id, lead)
    refused(NotAllowed, sign_rules, change_id, nurse)
    refused(NotFound, sign_rules, new_id(), second)
    deed(clinic, refuse_rules, change_id, lead)
    refused(Conflict, sign_rules, change_id, second)
    with clinic.open() as scope:
        assert rules_of(scope) is rule_pack()


def test_no_clinic_sees_or_signs_another_ones_change(
    clinic: BuiltClinic, lead: Actor, cleo: Persona, clock: ClockHand
) -> None:
    change_id = deed(clinic, propose_rules, CHANGES, "why", lead)
    clock.forward(minutes=1)
    with pytest.raises(NotFound):
        deed(cleo.clinic, sign_rules, change_id, actor(cleo, "lead"))
    with cleo.clinic.open() as scope:
        assert scope.connection.execute(tables.rule_change.select()).all() == []

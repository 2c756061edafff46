"""The conditions on what a patient reports: symptoms by code, words, symptoms beside strong pain."""

from recovery_api.domain.course import Course
from recovery_api.domain.readings import Grounds, Reading
from recovery_api.domain.rules import Rule
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.domain.tiers import Tier, worst


def symptom(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """The reading names the rule's symptom."""
    if rule.symptom not in reading.symptoms:
        return None
    return Grounds(inputs={"symptom": rule.symptom, "pain": reading.pain})


def unknown_symptom(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """The reading names a symptom that the pack has no rule for: a person looks at it rather than nobody."""
    codes = sorted(code for code in reading.symptoms if code not in SYMPTOM_TIERS)
    if not codes:
        return None
    return Grounds({"codes": ", ".join(codes)}, {"symptoms": codes})


def words(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """The patient's own words call for more than the symptoms read out of them do."""
    if reading.words_tier is None:
        return None
    by_code = worst(*(SYMPTOM_TIERS.get(code) for code in reading.symptoms))
    if by_code is not None and by_code.rank <= reading.words_tier.rank:
        return None
    because = reading.words_because.strip() or "The patient's own words call for somebody"
    inputs = {"words_tier": reading.words_tier.value, "because": because}
    return Grounds({"because": because}, inputs, tier=reading.words_tier)


def urgent_symptom_with_pain(rule: Rule, course: Course, reading: Reading) -> Grounds | None:
    """An urgent symptom in the same reading as strong pain, or as pain well above the usual."""
    known = [found for code in sorted(reading.symptoms) if (found := course.rules.symptom_rule(code))]
    if reading.pain is None or worst(*(found.tier for found in known)) is not Tier.URGENT:
        return None
    limits, usual = rule.parameters, course.usual
    above = usual is not None and reading.pain >= usual + limits["above_usual"]
    if reading.pain < limits["pain"] and not above:
        return None
    signs = "; ".join(found.sentence for found in known if found.tier is Tier.URGENT)
    shown = "not known yet" if usual is None else f"about {usual:.0f}"
    inputs = {"symptoms": sorted(reading.symptoms), "pain": reading.pain, "usual": usual}
    return Grounds({"signs": signs, "pain": str(reading.pain), "usual": shown}, inputs)

"""Reading a rule pack and refusing one that is unfit: every error names the file, the rule and the reason."""

from collections import Counter
from collections.abc import Mapping
from string import Formatter

from recovery_api.domain.conditions import CONDITIONS
from recovery_api.domain.errors import PackError
from recovery_api.domain.pack_section import Bounds, Section
from recovery_api.domain.rules import FAMILIES, Arming, Rule, RulePack
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.domain.tiers import Tier
from recovery_api.domain.trajectory import Detector

DETECTOR_BOUNDS: dict[str, Bounds] = {
    "slack": Bounds(0.1, 3),
    "limit": Bounds(1, 30),
    "gap": Bounds(0, 5),
    "step_floor": Bounds(-10, 0),
    "step_cap": Bounds(0.5, 10),
    "rise_rate": Bounds(0, 0.5),
    "fall_rate": Bounds(0, 1),
    "early_fall_rate": Bounds(0, 1),
    "early_answers": Bounds(0.5, 60),
    "quick_rate": Bounds(0.05, 1),
    "own_noise": Bounds(0, 0.99),
    "prior_variance": Bounds(0.1, 9),
    "noise_memory": Bounds(0.5, 0.999),
    "noise_cap": Bounds(0.5, 50),
    "room_share": Bounds(0.1, 10),
    "rest_weight": Bounds(0, 3),
    "rest_days": Bounds(0.5, 10),
    "first_answer": Bounds(2, 10, whole=True),
    "first_day": Bounds(1, 30, whole=True),
}
_RESPOND_BOUNDS: dict[Tier, Bounds] = {
    Tier.EMERGENCY: Bounds(1, 60, whole=True),
    Tier.URGENT: Bounds(15, 480, whole=True),
    Tier.TODAY: Bounds(60, 2880, whole=True),
    Tier.REVIEW: Bounds(60, 20160, whole=True),
}
_LEAST_URGENT_FOR = {Tier.EMERGENCY: Tier.URGENT, Tier.URGENT: Tier.TODAY}


def read_rule_pack(content: object, file: str) -> RulePack:
    """The rules of a pack file's content. Raises PackError naming the file, the rule and the reason."""
    section = Section(file, "pack", content)
    name, version = section.text("pack"), section.text("version")
    signed_off_by = section.text("signed_off_by")
    respond = _respond_minutes(section.part("respond_minutes"))
    out_of_hours = _out_of_hours(section, respond)
    detector = _detector(section.part("detector"))
    rules = tuple(_rule(file, number, item, respond) for number, item in enumerate(section.items("rules"), 1))
    section.close()
    _check_together(file, rules)
    return RulePack(name, version, signed_off_by, respond, out_of_hours, detector, rules)


def _respond_minutes(section: Section) -> dict[Tier, int]:
    minutes = {tier: int(section.number(tier.value, bounds)) for tier, bounds in _RESPOND_BOUNDS.items()}
    section.close()
    if list(minutes.values()) != sorted(minutes.values()):
        raise section.error("a more urgent tier must not be given more time than a less urgent one")
    return minutes


def _out_of_hours(section: Section, respond: Mapping[Tier, int]) -> dict[Tier, int]:
    """Longer times while the clinic is closed; an emergency has none, and the lower tiers wait for working hours."""
    if not section.has("out_of_hours_minutes"):
        return {}
    part = section.part("out_of_hours_minutes")
    minutes = int(part.number(Tier.URGENT.value, _RESPOND_BOUNDS[Tier.URGENT]))
    part.close()
    if minutes < respond[Tier.URGENT]:
        raise part.error("out of hours nobody can be sooner than in them")
    return {Tier.URGENT: minutes}


def _detector(section: Section) -> Detector:
    def whole(name: str) -> int:
        return int(section.number(name, DETECTOR_BOUNDS[name]))

    def number(name: str) -> float:
        return float(section.number(name, DETECTOR_BOUNDS[name]))

    numbers = {name: number(name) for name, bounds in DETECTOR_BOUNDS.items() if not bounds.whole}
    detector = Detector(first_answer=whole("first_answer"), first_day=whole("first_day"), **numbers)
    section.close()
    return detector


def _rule(file: str, number: int, content: object, respond: Mapping[Tier, int]) -> Rule:
    rule_id = Section(file, f"rule {number}", content).text("id")
    section = Section(file, f"rule {rule_id}", content)
    condition = section.choice("condition", CONDITIONS)
    tier = _tier(section, condition)
    rule = Rule(
        id=section.text("id"),
        version=section.text("version"),
        family=section.choice("family", FAMILIES),
        tier=tier,
        respond_minutes=_respond(section, tier, respond),
        condition=condition,
        parameters=_parameters(section, condition),
        arming=_arming(section, condition),
        symptom=_symptom(section, tier) if condition == "symptom" else None,
        supersedes=frozenset(map(str, section.items("supersedes"))) if section.has("supersedes") else frozenset(),
        source=section.text("source"),
        sentence=_sentence(section, condition),
    )
    section.close()
    return rule


def _tier(section: Section, condition: str) -> Tier:
    tier, least = Tier(section.choice("tier", Tier)), CONDITIONS[condition].least_urgent
    if tier.rank > least.rank:
        raise section.error(f"tier is {tier}; {condition} may not be less urgent than {least}")
    return tier


def _respond(section: Section, tier: Tier, respond: Mapping[Tier, int]) -> int:
    if section.has("respond_minutes"):
        return int(section.number("respond_minutes", _RESPOND_BOUNDS[tier]))
    return respond[tier]


def _parameters(section: Section, condition: str) -> dict[str, float]:
    known = CONDITIONS[condition].parameters
    if not known:
        return {}
    part = section.part("parameters")
    values = {name: part.number(name, bounds) for name, bounds in known.items()}
    part.close()
    if values.get("times", 0) > values.get("of_last", values.get("times", 0)):
        raise part.error("times must not be more than of_last")
    return values


def _arming(section: Section, condition: str) -> Arming:
    if not CONDITIONS[condition].armable or not section.has("arming"):
        return Arming()
    part = section.part("arming")
    arming = Arming(part.whole("from_day", 1, 365), part.whole("from_answer", 1, 30))
    part.close()
    return arming


def _symptom(section: Section, tier: Tier) -> str:
    code = section.choice("symptom", SYMPTOM_TIERS)
    least = _LEAST_URGENT_FOR[SYMPTOM_TIERS[code]]
    if tier.rank > least.rank:
        raise section.error(f"tier is {tier}; {code} may not be less urgent than {least}")
    return code


def _sentence(section: Section, condition: str) -> str:
    sentence, words = section.text("sentence"), CONDITIONS[condition].words
    try:
        parts = list(Formatter().parse(sentence))
    except ValueError as error:
        raise section.error(f"sentence is not readable: {error}") from None
    for _, name, spec, conversion in parts:
        if name is not None and (name not in words or spec or conversion):
            known = ", ".join(sorted(words)) or "none"
            raise section.error(f"sentence uses {{{name}}}; this condition offers {known}")
    return sentence


def _check_together(file: str, rules: tuple[Rule, ...]) -> None:
    """What can only be seen over the whole pack: no red flag left out, no id twice, nothing urgent superseded."""
    by_id = {rule.id: rule for rule in rules}
    for rule_id, times in Counter(rule.id for rule in rules).items():
        if times > 1:
            raise PackError(file, f"rule {rule_id}", "stands more than once")
    _check_complete(file, rules)
    for rule in rules:
        for other in rule.supersedes:
            if other not in by_id:
                raise PackError(file, f"rule {rule.id}", f"supersedes {other}, which is not in the pack")
            if by_id[other].tier.rank <= rule.tier.rank:
                raise PackError(file, f"rule {rule.id}", f"supersedes {other}, which is not less urgent")


def _check_complete(file: str, rules: tuple[Rule, ...]) -> None:
    symptoms = Counter(rule.symptom for rule in rules if rule.symptom)
    for code in SYMPTOM_TIERS:
        if symptoms[code] != 1:
            raise PackError(file, "rules", f"the symptom {code} must have exactly one rule, found {symptoms[code]}")
    conditions = Counter(rule.condition for rule in rules)
    for name, condition in CONDITIONS.items():
        if condition.once and conditions[name] != 1:
            raise PackError(file, "rules", f"the condition {name} must have exactly one rule, found {conditions[name]}")
        if condition.at_most_once and conditions[name] > 1:
            raise PackError(file, "rules", f"the condition {name} may have one rule, found {conditions[name]}")

"""The page of the rules as plain frozen values: each number in force, what a replay found, and who signed what."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from recovery_api.clinic.frame import Frame
from recovery_api.clinic.rule_words import number_word, rule_word, state_word
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import Group
from recovery_api.domain.alert_load import Changed, Load, Usefulness
from recovery_api.domain.conditions import CONDITIONS
from recovery_api.domain.pack_section import Bounds
from recovery_api.domain.rule_file import DETECTOR_BOUNDS
from recovery_api.domain.rules import Rule, RulePack
from recovery_api.domain.tiers import Tier

DETECTOR = "detector"
_ARMING = {"from_day": Bounds(1, 365, whole=True), "from_answer": Bounds(1, 30, whole=True)}


@dataclass(frozen=True, slots=True)
class NumberField:
    """One number that a clinic may change: `name` as the form sends it, `key` as the file of rules has it."""

    name: str
    key: str
    value: float
    low: float
    high: float
    is_whole: bool

    @property
    def label(self) -> str:
        """Its name in words."""
        return number_word(self.key)

    @property
    def shown(self) -> str:
        """The number without needless digits."""
        return f"{self.value:g}"


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule: what it says and means, its tier and its numbers."""

    id: str
    version: str
    tier: str
    means: str
    says: str
    source: str
    numbers: tuple[NumberField, ...]

    @property
    def said(self) -> str:
        """What it says, in the language of the page, without anybody's values."""
        return rule_word(self.says, self.means)


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change that somebody proposed, in words, and what became of it."""

    change_id: str
    said: tuple[str, ...]
    why: str
    state: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    is_mine: bool


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A draft beside the rules in force: the changes in words, its load, and what it would add and remove."""

    said: tuple[str, ...]
    load: Load
    added: tuple[tuple[str, str, int], ...]
    removed: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class RulesPage:
    """The rules in force over a stretch of the clinic's own days, and a draft beside them."""

    frame: Frame
    version: str
    signed_off_by: str
    since: date
    recoveries: int
    is_all: bool
    load: Load
    useful: tuple[Usefulness, ...]
    rules: tuple[RuleLine, ...]
    detector: tuple[NumberField, ...]
    tiers: tuple[str, ...] = tuple(Tier)
    what_if: WhatIf | None = None
    history: tuple[ChangeLine, ...] = ()
    may_propose: bool = False
    may_sign: bool = False
    draft: str = "{}"
    why: str = ""
    error: str = ""

    def tier_word(self, tier: str) -> str:
        """A tier in words."""
        return Group(tier).word

    def rule_word(self, rule: str) -> str:
        """What a rule says; nothing of one that is not in force any more."""
        return next((one.said for one in self.rules if one.id == rule), "")

    def state_word(self, state: str) -> str:
        """What became of a change, in words."""
        return state_word(state)

    @property
    def waiting(self) -> ChangeLine | None:
        """The change that waits for a second signature."""
        return next((one for one in self.history if one.state == "waiting"), None)


def rule_lines(pack: RulePack) -> tuple[RuleLine, ...]:
    """Every rule of a pack with the numbers that may be changed."""
    return tuple(_line(rule) for rule in pack.rules)


def detector_fields(pack: RulePack) -> tuple[NumberField, ...]:
    """The numbers of the detector."""
    values = asdict(pack.detector)
    return tuple(_field(DETECTOR, "", name, values[name], bounds) for name, bounds in DETECTOR_BOUNDS.items())


def _line(rule: Rule) -> RuleLine:
    condition = CONDITIONS[rule.condition]
    numbers = {name: f"{value:g}" for name, value in rule.parameters.items()}
    fields = [
        _field(rule.id, "parameters", name, rule.parameters[name], bounds)
        for name, bounds in condition.parameters.items()
    ]
    if condition.armable:
        fields += [
            _field(rule.id, "arming", name, getattr(rule.arming, name), bounds) for name, bounds in _ARMING.items()
        ]
    means = condition.means.format_map(numbers)
    return RuleLine(rule.id, rule.version, rule.tier, means, rule.sentence, rule.source, tuple(fields))


def _field(rule: str, group: str, name: str, value: float, bounds: Bounds) -> NumberField:
    return NumberField(f"{rule}|{group}|{name}", name, value, bounds.low, bounds.high, bounds.whole)


def read_changes(form: Mapping[str, str], shipped: RulePack) -> dict[str, Any]:
    """The draft that a form carries, with the numbers that it sends; what is as shipped is no change.

    Raises ValueError naming what is no draft or no number.
    """
    changes = _draft(form.get("draft", ""))
    for line in rule_lines(shipped):
        tier = form.get(f"{line.id}||tier")
        if tier is not None:
            _put(changes, f"{line.id}||tier", None if tier == line.tier else tier)
    fields = [*detector_fields(shipped), *(field for line in rule_lines(shipped) for field in line.numbers)]
    for field in fields:
        given = _number(form.get(field.name, ""), field)
        if given is not None:
            _put(changes, field.name, None if given == field.value else given)
    return changes


def _draft(text: str) -> dict[str, Any]:
    try:
        draft = json.loads(text or "{}")
    except (ValueError, RecursionError):
        draft = None
    if not isinstance(draft, dict) or not all(isinstance(part, dict) for part in draft.values()):
        raise ValueError("the draft cannot be read: begin again")
    return draft


def _put(changes: dict[str, Any], name: str, value: float | str | None) -> None:
    """Lay one value into a draft; None takes it out, and with it every part that is left empty."""
    rule, group, parameter = name.split("|")
    way = [DETECTOR] if rule == DETECTOR else ["rules", rule, *([group] if group else [])]
    places: list[Any] = [changes]
    for part in way:
        places.append(places[-1].setdefault(part, {}))
    if value is None:
        places[-1].pop(parameter, None)
    else:
        places[-1][parameter] = value
    for place, part in reversed(list(zip(places, way, strict=False))):
        if not place[part]:
            del place[part]


def _number(text: str, field: NumberField) -> float | None:
    if not text.strip():
        return None
    try:
        return int(text) if field.is_whole else float(text)
    except ValueError:
        rule = field.name.partition("|")[0]
        raise ValueError(f"{rule}, {field.label}: {text[:20]!r} is no number that fits") from None


def said_of(changes: Mapping[str, Any]) -> tuple[str, ...]:
    """Changes in words, one a number; going back to the shipped ones where there is none."""
    said = [f"{_('detector')}: {number_word(name)} {value:g}" for name, value in changes.get(DETECTOR, {}).items()]
    for rule, change in changes.get("rules", {}).items():
        for name, value in change.items():
            if isinstance(value, Mapping):
                said += [f"{rule}: {number_word(number)} {one:g}" for number, one in value.items()]
            else:
                said.append(f"{rule}: {number_word(name)} {Group(value).word if name == 'tier' else value}")
    return tuple(said) or (_("the shipped numbers"),)


def counted(changed: Changed) -> tuple[tuple[tuple[str, str, int], ...], tuple[tuple[str, str, int], ...]]:
    """What another pack adds and removes, by rule and tier."""
    return _by_rule(changed.added), _by_rule(changed.removed)


def _by_rule(alerts: Iterable[Any]) -> tuple[tuple[str, str, int], ...]:
    kinds = [(alert.finding.rule, alert.finding.tier.value) for alert in alerts]
    return tuple((rule, tier, kinds.count((rule, tier))) for rule, tier in sorted(set(kinds)))

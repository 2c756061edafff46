"""The page that describes a rule pack for the people who sign it: written from the pack, never by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from recovery_api.domain.conditions import CONDITIONS
from recovery_api.domain.rules import FAMILIES, Rule, RulePack
from recovery_api.domain.tiers import Tier

_GROUPS: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("Red flags", "What a patient reports. Armed at all times, before the procedure too.", ("red_flag",)),
    ("Worsening", "Pain against the patient's own usual.", ("worsening",)),
    ("Non-recovery", "A fall of pain that did not come, and a low mood.", ("non_recovery",)),
    ("Activity and medication", "Walking and pills, where they are reported.", ("activity", "medication")),
    ("Silence and operations", "What did not come, and what the program itself sees.", tuple(FAMILIES[5:])),
)
_FIGURES = (
    "| noise | false alerts in 100 patient-days | fracture | infection | nerve | slow decline | by chance |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    "| 0.7 | 0.34 | 0.953 @2 | 0.968 @6 | 0.984 @0 | 0.616 @9 | 0.045 |",
    "| 1.0 | 0.54 | 0.948 @2 | 0.959 @6 | 0.986 @0 | 0.601 @9 | 0.074 |",
    "| 1.4 | 0.89 | 0.936 @2 | 0.952 @6 | 0.986 @0 | 0.581 @9 | 0.122 |",
)
_OPENING = """\
# The rules: {name} {version}

Written by `flask --app wsgi rules page --out docs/rules.md` from the pack; a test fails where the two differ. Every
number is a protocol value: a clinic edits its own copy, and a clinician signs it. Signed off by: {signed}.

A condition is one of a closed set of {conditions}, each a typed function with bounded parameters. A pack holds no
expression and can run no code; a pack that is unfit is refused with the file, the rule and the reason.

## Tiers
"""
_CLOSING = """\
## What it finds on synthetic diaries

Means of five seeds (401 to 405, of 20,000 patients and 90 days each) on which nothing was tuned; found within 14 days,
at the median day after @. One such cohort is replayed in 19 seconds of one core. `make bench` measures all of it again
on fewer patients, beside simpler detectors.

{figures}

## How findings become flags

- One open flag stands for a patient and a family; what comes again joins it, two points more of pain or a more urgent
  tier raise it. A rule that says "once in N days" is silent while the same goes on.
- A flag that nobody takes climbs its ladder, see [ladder.md](ladder.md); it is never silent.
- A missed check-in is first asked about by text, then by the caregiver, as the protocol's silence steps say.
- New pain in a leg or another place is the symptom of RF-F. No stool for days is heard by RF-WORDS.
- Whether a blood thinner was started again is asked about by text; the program keeps no plan for it, so no rule
  judges it.
"""


def rule_page(pack: RulePack) -> str:
    """The page in Markdown: tiers, every rule by group, the detector."""
    closing = _CLOSING.format(figures="\n".join(_FIGURES))
    return "\n".join([*_opening(pack), *_rules(pack), *_detector(pack), closing])


def _opening(pack: RulePack) -> Iterator[str]:
    yield _OPENING.format(name=pack.name, version=pack.version, signed=pack.signed_off_by, conditions=len(CONDITIONS))
    yield "| tier | act within |\n| --- | --- |"
    for tier in Tier:
        yield f"| {tier} | {_time(pack.respond_minutes[tier], tier)} |"
    yield ""


def _rules(pack: RulePack) -> Iterator[str]:
    for title, means, families in _GROUPS:
        yield f"## {title}\n\n{means}\n"
        for rule in pack.rules:
            if rule.family in families:
                yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    condition = CONDITIONS[rule.condition]
    numbers = {name: f"{value:g}" for name, value in rule.parameters.items()}
    symptom = f" (`{rule.symptom}`)" if rule.symptom else ""
    yield f"### {rule.id}, version {rule.version}\n"
    yield f"- When: {condition.means.format_map(numbers)}{symptom}."
    yield f"- Tier: {rule.tier}; act within {_time(rule.respond_minutes, rule.tier)}. Family: {rule.family}."
    if condition.armable:
        yield f"- Armed from day {rule.arming.from_day} and answer {rule.arming.from_answer} on."
    if rule.supersedes:
        yield f"- Stands for: {', '.join(sorted(rule.supersedes))}."
    yield f'- Says: "{rule.sentence}"'
    yield f"- Source: {rule.source}.\n"


def _detector(pack: RulePack) -> Iterator[str]:
    yield "## The detector behind the trend\n"
    yield "A one-sided CUSUM of the answers above a personal reference that falls quickly and rises slowly, in units of"
    yield "the patient's own noise. Tuned on synthetic diaries, never on patients.\n"
    yield "| number | value |\n| --- | --- |"
    yield from (f"| {name} | {value:g} |" for name, value in asdict(pack.detector).items())
    yield ""


def _time(minutes: int, tier: Tier) -> str:
    if tier is Tier.REVIEW and minutes % 1440 == 0:
        return f"{minutes // 1440} working days"
    return f"{minutes} minutes" if minutes < 120 else f"{minutes / 60:g} hours"

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
    "| noise | detector | false alerts | fracture | infection | nerve | slow decline | by chance |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    "| 0.7 | **these rules** | 0.34 | 0.953 @2 | 0.968 @6 | 0.984 @0 | 0.616 @9 | 0.045 |",
    "| 0.7 | reference CUSUM | 0.37 | 0.906 @2 | 0.930 @6 | 0.982 @0 | 0.574 @10 | 0.041 |",
    "| 0.7 | 7 and more, or +2 | 4.26 | 0.926 @0 | 0.921 @4 | 0.984 @0 | 0.588 @5 | 0.432 |",
    "| 0.7 | +3 since yesterday | 0.79 | 0.491 @0 | 0.461 @6 | 0.974 @0 | 0.123 @6 | 0.103 |",
    "| 1.0 | **these rules** | 0.54 | 0.948 @2 | 0.959 @6 | 0.986 @0 | 0.601 @9 | 0.074 |",
    "| 1.0 | reference CUSUM | 0.59 | 0.904 @2 | 0.919 @6 | 0.982 @0 | 0.571 @9 | 0.069 |",
    "| 1.0 | 7 and more, or +2 | 5.43 | 0.947 @1 | 0.953 @4 | 0.985 @0 | 0.711 @5 | 0.547 |",
    "| 1.0 | +3 since yesterday | 1.21 | 0.528 @0 | 0.511 @6 | 0.974 @0 | 0.191 @6 | 0.155 |",
    "| 1.4 | **these rules** | 0.89 | 0.936 @2 | 0.952 @6 | 0.986 @0 | 0.581 @9 | 0.122 |",
    "| 1.4 | reference CUSUM | 0.93 | 0.893 @2 | 0.910 @7 | 0.984 @0 | 0.576 @9 | 0.113 |",
    "| 1.4 | 7 and more, or +2 | 6.81 | 0.962 @1 | 0.973 @4 | 0.988 @0 | 0.819 @5 | 0.672 |",
    "| 1.4 | +3 since yesterday | 2.04 | 0.579 @0 | 0.594 @6 | 0.975 @0 | 0.315 @6 | 0.252 |",
)
_TUNED = (
    "| 0.7 | these rules, tuning seeds | 0.33 | 0.952 @2 | 0.971 @6 | 0.986 @0 | 0.612 @9 | 0.045 |",
    "| 1.0 | these rules, tuning seeds | 0.54 | 0.941 @2 | 0.963 @6 | 0.988 @0 | 0.595 @9 | 0.074 |",
    "| 1.4 | these rules, tuning seeds | 0.89 | 0.931 @2 | 0.955 @6 | 0.991 @0 | 0.568 @9 | 0.125 |",
)
_OPENING = """\
# The rules: {name} {version}

Written by `flask --app wsgi rules page --out docs/rules.md` from the pack; a test fails where the two differ. Every
number is a protocol value: a clinic edits its own copy, and a clinician signs it. Signed off by: {signed}.

A condition is one of a closed set of {conditions}, each a typed function with bounded parameters. A pack holds no
expression and can run no code; a pack that is unfit is refused with the file, the rule and the reason.

## Tiers
"""
_HOURS = """
Patients are told the hours of the flag's own clock, in texts, calls and the app alike. While the clinic is closed (the
hours and holidays of its ladder) an urgent finding has the longer time, or its own from the next opening on, whichever
ends first. A finding for today that comes while the clinic is closed has four hours at least from the next opening on,
or a rule's own minutes where those are fewer. A closure longer than a weekend holds nothing up that is for today: from
its third day on somebody looks at the hour of opening. Whole days of review are working days. People are paged as the
ladder says, at any hour where it is urgent.
"""
_CLOSING = """\
## What it finds on synthetic diaries

Means of five seeds (401 to 405, of 20,000 patients and 90 days each) on which nothing was tuned, all detectors in one
run of `bench/rules.py`; each of them hears the red flags. False alerts are those in 100 patient-days, a share is what
was found within 14 days, at the median day after @, and "by chance" the share of calm 14-day windows with an alert.
One such cohort is replayed in 19 seconds of one core. `make bench` measures all of it again on fewer patients.

The reference is a CUSUM with fixed rates, which these rules grew out of.

{figures}

On seeds that the tuning saw (5 to 9, of 8,000 patients) the same run says no better: nothing rests on a seed.

{tuned}

## How findings become flags

- One open flag stands for a patient and a family; what comes again joins it, two points more of pain or a more urgent
  tier raise it. A rule that says "once in N days" is silent while the same goes on.
- A flag that nobody takes climbs its ladder, see [ladder.md](ladder.md); it is never silent.
- A missed check-in is first asked about by text, then by the caregiver, as the protocol's silence steps say.
- Where no patient of a clinic is heard any more, the line is looked at: an urgent flag of the clinic itself opens where
  the chance that all the questions asked since stay unanswered lies below one in a thousand. The chance comes from the
  share of the clinic's own questions of four weeks that was answered within 2, 6 and 24 hours, at first from 50, 60 and
  66 of 100. So ten questions are enough for a new clinic after two hours, seven after a day, and three where nearly
  everybody answers; a text of anybody ends it. Who is asked once a week is counted for eight days.
- New pain in a leg or another place is the symptom of RF-F. No stool for days is heard by RF-WORDS.
- The day on which a blood thinner is to be started again is entered on the patient's care plan. The patient is asked on
  that day and on the next, by 1 and 2; a text that says so closes no flag.
"""


def rule_page(pack: RulePack) -> str:
    """The page in Markdown: tiers, every rule by group, the detector."""
    closing = _CLOSING.format(figures="\n".join(_FIGURES), tuned="\n".join((*_FIGURES[:2], *_TUNED)))
    return "\n".join([*_opening(pack), *_rules(pack), *_detector(pack), closing])


def _opening(pack: RulePack) -> Iterator[str]:
    yield _OPENING.format(name=pack.name, version=pack.version, signed=pack.signed_off_by, conditions=len(CONDITIONS))
    yield "| tier | act within |\n| --- | --- |"
    for tier in Tier:
        yield f"| {tier} | {_time(pack.respond_minutes[tier], tier)}{_while_closed(pack, tier)} |"
    yield _HOURS


def _while_closed(pack: RulePack, tier: Tier) -> str:
    longer = pack.out_of_hours_minutes.get(tier)
    return f"; {_time(longer, tier)} while the clinic is closed" if longer else ""


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

"""The protocol: the published, versioned template of everything a patient is asked and reminded of."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from recovery_api.domain.coaching import Coaching, read_coaching
from recovery_api.domain.errors import PackError
from recovery_api.domain.pack_section import Section
from recovery_api.domain.protocol_steps import FIRST_DAY, KINDS, LAST_DAY, QUESTIONS, Step, read_step
from recovery_api.domain.protocol_variables import read_variables
from recovery_api.domain.silence_ladder import SilenceLadder, read_silence

__all__ = [
    "FIRST_DAY",
    "KINDS",
    "LAST_DAY",
    "QUESTIONS",
    "TEXTS_A_DAY",
    "Phase",
    "Protocol",
    "Step",
    "read_protocol",
]

TEXTS_A_DAY = 3
_WORST = "_worst"  # ends the key of a text about the worst pain of the last day


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the recovery: days since the procedure, both ends included."""

    id: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Protocol:
    """All steps, in the order of the file; a protocol without phases or silence ladder has none."""

    name: str
    version: str
    signed_off_by: str
    source: str
    steps: tuple[Step, ...]
    phases: tuple[Phase, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    silence: SilenceLadder | None = None
    coaching: Coaching | None = None

    def phase_of(self, day: int) -> Phase | None:
        """The phase that a day since the procedure lies in."""
        return next((phase for phase in self.phases if phase.first <= day <= phase.last), None)


def read_protocol(content: object, file: str) -> Protocol:
    """The protocol of a pack file's content. Raises PackError naming the file, the step and the reason."""
    section = Section(file, "protocol", content)
    protocol = Protocol(
        name=section.text("protocol"),
        version=section.text("version"),
        signed_off_by=section.text("signed_off_by"),
        source=section.text("source"),
        phases=_phases(section) if section.has("phases") else (),
        variables=read_variables(section.part("variables")) if section.has("variables") else {},
        silence=read_silence(section.part("silence")) if section.has("silence") else None,
        coaching=read_coaching(section.part("coaching")) if section.has("coaching") else None,
        steps=tuple(read_step(file, number, item) for number, item in enumerate(section.items("steps"), 1)),
    )
    section.close()
    _check_together(file, protocol)
    return protocol


def _phases(section: Section) -> tuple[Phase, ...]:
    """Phases that follow one another without a gap, up to the last day."""
    phases = tuple(_phase(section.file, number, item) for number, item in enumerate(section.items("phases"), 1))
    for early, late in pairwise(phases):
        if late.first != early.last + 1:
            raise PackError(section.file, f"phase {late.id}", f"must begin on day {early.last + 1}")
    if phases[-1].last != LAST_DAY:
        raise PackError(section.file, f"phase {phases[-1].id}", f"must end on day {LAST_DAY}, as the last one")
    return phases


def _phase(file: str, number: int, content: object) -> Phase:
    phase_id = Section(file, f"phase {number}", content).text("id")
    section = Section(file, f"phase {phase_id}", content)
    section.take("id")
    first, last = section.whole("from", FIRST_DAY, LAST_DAY), section.whole("to", FIRST_DAY, LAST_DAY)
    section.close()
    if last < first:
        raise section.error("to is before from")
    return Phase(phase_id, first, last)


def _check_together(file: str, protocol: Protocol) -> None:
    """What can only be seen over all steps: ids and slots once, not too many texts on a day, nothing undefined."""
    steps = protocol.steps
    _at_most(1, Counter(f"steps called {step.id}" for step in steps), file)
    _at_most(1, Counter(f"{s.kind} steps in slot {s.slot!r} on day {day}" for s in steps for day in s.days), file)
    before_visits = [step.days_before_visit for step in steps if step.days_before_visit is not None]
    _at_most(1, Counter(f"steps {days} days before a visit" for days in before_visits), file)
    _at_most(TEXTS_A_DAY, Counter(f"texts on day {day}" for step in steps for day in step.days), file)
    if not any(step.kind == "check_in" for step in steps):
        raise PackError(file, "steps", "no step is a check_in")
    for step in steps:
        _check_defined(file, protocol, step)
    _check_one_pain(file, protocol)


def _check_defined(file: str, protocol: Protocol, step: Step) -> None:
    unknown = [name for name in step.uses if name not in protocol.variables]
    if unknown:
        raise PackError(file, f"step {step.id}", f"uses {', '.join(unknown)}, which variables do not name")
    outside = [day for day in step.days if protocol.phases and protocol.phase_of(day) is None]
    if outside:
        raise PackError(file, f"step {step.id}", f"days name day {outside[0]}, which lies in no phase")


def _check_one_pain(file: str, protocol: Protocol) -> None:
    """A course that mixed pain now with pain at its worst would rise and fall with the question."""
    asking = [(f"step {step.id}", step.text_key) for step in protocol.steps if step.kind == "check_in"]
    if protocol.silence is not None:
        asking += [("protocol, silence", rung.text_key) for rung in protocol.silence.rungs]
    worst = asking[0][1].endswith(_WORST)
    for where, text_key in asking:
        if text_key.endswith(_WORST) != worst:
            raise PackError(file, where, "asks about pain now and at its worst: every check-in and rung must ask alike")


def _at_most(limit: int, found: Counter[str], file: str) -> None:
    for what, times in found.items():
        if times > limit:
            raise PackError(file, "steps", f"{times} {what}, at most {limit}")

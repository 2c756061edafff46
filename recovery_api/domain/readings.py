"""What the rules see of an episode, and what they say: readings in, findings out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from recovery_api.domain.recovery_band import RecoveryBand, published
from recovery_api.domain.tiers import Tier


class Reading(NamedTuple):
    """One check-in as the rules see it, in its latest version; a history holds them oldest first."""

    day: int  # whole days since the procedure: 0 the day itself, negative before
    local_on: date
    recorded_at: datetime
    pain: int | None
    symptoms: frozenset[str] = frozenset()
    activity: str | None = None
    minutes_walked: int | None = None
    words_tier: Tier | None = None
    words_because: str = ""
    pills_otc: int | None = None
    pills_prescribed: int | None = None
    pills_total: int | None = None

    @property
    def pills(self) -> int | None:
        """Pain pills of the last day in all, None where nothing was said of them."""
        total, otc, prescribed = self.pills_total, self.pills_otc, self.pills_prescribed
        if total is not None or (otc is None and prescribed is None):
            return total
        return (otc or 0) + (prescribed or 0)


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """What the rules need to know of the episode itself."""

    procedure_on: date
    baseline_pain: int | None
    check_in_days: frozenset[int] = frozenset()  # days since the procedure on which a question was due
    open_flag: bool = False  # a flag of this episode awaits a person
    band: Callable[[int], RecoveryBand] = published  # the expected band up to a day; asked for by a rule that speaks


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why a rule fires: the words for its sentence, the inputs, and a tier more urgent than the rule's own."""

    words: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    tier: Tier | None = None
    waited_minutes: int = 0  # since what this is about first came: they count as waited


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of the last reading, with all that is needed to explain it a year later."""

    rule: str
    rule_version: str
    family: str
    tier: Tier
    reason: str
    respond_minutes: int  # from what it is about, of which `waited_minutes` are over
    inputs: dict[str, Any]
    waited_minutes: int = 0

    @property
    def waited(self) -> timedelta:
        """How long the patient had waited when it was found."""
        return timedelta(minutes=self.waited_minutes)

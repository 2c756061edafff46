"""Page the clinicians on duty: a text without a patient's name, for every flag that cannot wait."""

from collections.abc import Sequence
from datetime import datetime

from recovery_api.db import ClinicScope
from recovery_api.domain.ladder import CHANNELS, NEVER_WAITS
from recovery_api.domain.page_code import page_code
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.climb_ladder import Place, climb_of, find_places, stand
from recovery_api.services.find_ladder import ClinicLadder, find_ladder
from recovery_api.services.raise_flags import RaisedFlag
from recovery_api.services.tell_people import tell_people

__all__ = ["page_clinicians", "page_code"]


def page_clinicians(scope: ClinicScope, flags: Sequence[RaisedFlag], now: datetime) -> None:
    """Tell the first rung of the most urgent of `flags` that calls for it, in the caller's transaction.

    The others of the same answer are seen with it, and go on from the second rung. A flag that rose to a tier that
    cannot wait is told to everybody again who was told of it before.
    """
    due = sorted((f for f in flags if f.must_page and f.tier in NEVER_WAITS), key=lambda flag: flag.tier.rank)
    if not due:
        return
    ladder, places = find_ladder(scope), find_places(scope, [flag.id for flag in due])
    for flag in due:
        place = places.get(flag.id)
        if place is None:
            continue
        if flag is due[0]:
            _tell(scope, flag, place, ladder, now)
        else:
            add_event(scope, flag.id, "rung_moved", now, detail={"with": str(due[0].id)})
        then = climb_of(ladder, place).raised(flag.was or flag.tier, place.standing, now)
        stand(scope, flag.id, then)


def _tell(scope: ClinicScope, flag: RaisedFlag, place: Place, ladder: ClinicLadder, now: datetime) -> None:
    """Tell the first rung by all its channels, and by text whoever was told while the flag was of a calmer tier."""
    tier_ladder = climb_of(ladder, place).ladder
    tell_people(scope, place.called, [(0, tier_ladder.rung(0))], ladder, CHANNELS, now)
    if flag.was in NEVER_WAITS and flag.was is not flag.tier:
        before = range(1, min(place.standing.rung, len(tier_ladder.rungs)))
        again = [(number, tier_ladder.rung(number)) for number in before]
        if again:
            tell_people(scope, place.called, again, ladder, ("sms",), now)

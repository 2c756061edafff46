"""What a clinic sets for itself in a protocol: limits that discharge sheets disagree on, each within its bounds."""

import re
from collections.abc import Mapping

from recovery_api.domain.pack_section import Bounds, Section

DRIVING = "no_driving_days"  # the text names the first day on which they may drive
# Discharge sheets of US clinics: 5 or 10 pounds for three months, no driving for 2 days or more, showers after 24 to
# 48 hours; acetaminophen by its US label, 4000 mg a day at most.
NUMBERS: Mapping[str, Bounds] = {
    "lifting_pounds": Bounds(2, 25, whole=True),
    DRIVING: Bounds(1, 42, whole=True),
    "shower_hours": Bounds(24, 96, whole=True),
    "acetaminophen_mg": Bounds(1000, 4000, whole=True),
}
FASTING = "fasting_hour"  # a local time: from 20:00 on the evening before, or up to 08:00 on the day
_HOUR = re.compile("(?:0[0-8]|2[0-3]):[0-5][0-9]")


def read_variables(section: Section) -> dict[str, str]:
    """Every variable as the text shows it; a time stays HH:MM. Raises PackError for one out of bounds or missing."""
    found = {name: str(section.whole(name, int(b.low), int(b.high))) for name, b in NUMBERS.items()}
    fasting = section.text(FASTING)
    if _HOUR.fullmatch(fasting) is None or (fasting > "08:00" and fasting < "20:00"):
        raise section.error(f'{FASTING} is {fasting!r}; it must be a time in quotes from "20:00" to "08:00"')
    section.close()
    return {**found, FASTING: fasting}

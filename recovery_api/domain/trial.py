"""The trial of the whole road: a synthetic patient's words, what must come of them, and in what time."""

from datetime import timedelta

EVERY, AFTER_FAILURE = timedelta(minutes=15), timedelta(minutes=3)
MUST_PASS_WITHIN = timedelta(minutes=2)
STALE_AFTER = 2 * EVERY + MUST_PASS_WITHIN  # with no trial passed for so long, the proof is worth nothing
WORDS = "my legs feel weak"

# Numbers that ring nowhere: reserved for fiction, in an area code without a place. In production no carrier is ever
# asked to text them.
PATIENT_PHONE, SINK_PHONE = "+15005550100", "+15005550101"
PHONES = frozenset((PATIENT_PHONE, SINK_PHONE))
SID_PREFIX = f"SM{0:016x}"  # of messages that no carrier has seen

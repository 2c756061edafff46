"""The symptom codes, the letter that answers for each, and the tier each calls for by default."""

from recovery_api.domain.tiers import Tier

SYMPTOM_TIERS: dict[str, Tier] = {
    "leg_weakness": Tier.EMERGENCY,
    "bladder_bowel": Tier.EMERGENCY,
    "breathing": Tier.EMERGENCY,
    "allergy": Tier.EMERGENCY,
    "drowsy": Tier.EMERGENCY,
    "self_harm": Tier.EMERGENCY,
    "fever": Tier.URGENT,
    "wound": Tier.URGENT,
    "new_pain": Tier.URGENT,
    "calf": Tier.URGENT,
    "headache": Tier.URGENT,
}

LETTERS: dict[str, str] = {
    "A": "leg_weakness",
    "B": "bladder_bowel",
    "C": "fever",
    "D": "breathing",
    "E": "wound",
    "F": "new_pain",
}

"""The vertebrae that can be treated, and how people write them down."""

import re

from recovery_api.domain.errors import Invalid

MOST_LEVELS = 8
CERVICAL, THORACIC = tuple(f"C{place}" for place in range(1, 8)), tuple(f"T{place}" for place in range(1, 13))
LUMBAR, SACRAL = tuple(f"L{place}" for place in range(1, 6)), tuple(f"S{place}" for place in range(1, 6))
VERTEBRAE = (*CERVICAL, *THORACIC, *LUMBAR, *SACRAL)  # from the neck down
_BETWEEN = re.compile(r"[\s,;/+&]+")


def read_levels(text: str) -> tuple[str, ...]:
    """The vertebrae in a text such as "T12, L1", each once, from the neck down. Raises Invalid.

    A stretch such as L1-L3 is refused: it may mean the two ends or all between them.
    """
    found = {_one(word) for word in _BETWEEN.split(text.strip().upper()) if word}
    return tuple(level for level in VERTEBRAE if level in found)


def _one(word: str) -> str:
    plain = re.sub(r"^(?:TH|D)(?=[0-9])", "T", word)
    if "-" in plain or "\N{EN DASH}" in plain:
        raise Invalid(f"holds {word}: write every vertebra by itself, such as L1, L2, L3", field="levels")
    if plain not in VERTEBRAE:
        raise Invalid(f"holds {word}, which is no vertebra: write T12 or L1", field="levels")
    return plain

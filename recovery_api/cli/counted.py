"""Numbers with the word that fits them."""


def counted(number: int, one: str, many: str = "") -> str:
    """A number and what there is so many of: one by its own word, else the plural, which ends in s if left out."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"

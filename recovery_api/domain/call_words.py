"""How a call says what is written: digits one by one, letters apart."""


def spelled(number: str) -> str:
    """A phone number digit by digit, a North American one in its three groups: "2 1 2, 5 5 5, 0 1 9 9"."""
    digits = "".join(character for character in number if character.isdigit())
    if number.startswith("+1") and len(digits) == 11:
        digits = digits[1:]
    groups = (digits[:3], digits[3:6], digits[6:]) if len(digits) == 10 else (digits,)
    return ", ".join(" ".join(group) for group in groups)


def lettered(label: str) -> str:
    """A label letter by letter."""
    return " ".join(label)

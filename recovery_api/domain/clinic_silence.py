"""Total silence: whether it can be chance that of all the patients asked not one has answered."""

USUAL_SHARE = 0.5  # of patients who answer within two hours; published programs with daily texts had 66 to 96 %
LEAST_EXPECTED = 5.0  # replies; with so many expected, none at all is chance less than once in a hundred


def is_silent(asked: int, heard: bool) -> bool:
    """Whether `asked` patients (a count) should have brought replies, and nobody was heard at all."""
    return not heard and asked * USUAL_SHARE >= LEAST_EXPECTED

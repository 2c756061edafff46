"""Total silence: whether it can be chance that of all the patients asked not one has answered."""

from collections.abc import Sequence
from datetime import timedelta
from math import prod

# So old a question is when its answer is looked for, and the share of questions that is answered by then where nothing
# is known of the clinic: half within two hours is our own guess, two thirds within a day is the least that published
# programs with daily texts reached (66 to 96 %).
AGES = (timedelta(hours=2), timedelta(hours=6), timedelta(hours=24))
USUAL_SHARES = (0.5, 0.6, 0.66)
USUAL_COUNTS_AS = 10  # questions: the clinic's own share prevails once it has asked more than these
MOST = 0.95  # no share is trusted further: patients of one clinic share their storms and holidays
LEAST_ASKED = 3
CHANCE = 0.001


def own_shares(asked: int, answered: Sequence[int]) -> tuple[float, ...]:
    """The share of a clinic's own questions that is answered by each of AGES, drawn towards the usual where few are."""
    return tuple(
        min(MOST, (count + usual * USUAL_COUNTS_AS) / (asked + USUAL_COUNTS_AS))
        for count, usual in zip(answered, USUAL_SHARES, strict=True)
    )


def is_silent(waiting: Sequence[int], shares: Sequence[float] = (MOST,) * len(AGES)) -> bool:
    """Whether so many unanswered questions, nobody having been heard since the first of them, are no chance.

    `waiting` counts the questions that are older than each of AGES and not yet than the next. Each stays unanswered
    with the chance that the clinic's shares leave, so all of them do with the product; below one in a thousand the
    line is taken to be down. With two thirds answered within a day seven are enough, with nine of ten three; fewer
    never are. Without `shares` this is whether any clinic could be silent with so many. Shipped protocol.
    """
    chance = prod((1 - share) ** count for count, share in zip(waiting, shares, strict=True))
    return sum(waiting) >= LEAST_ASKED and chance < CHANCE

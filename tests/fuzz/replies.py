"""Feeds the reply reader a million bodies: `python -m tests.fuzz.replies [BODIES]`.

Atheris guides them by the branches they reach; where it cannot be installed, the same bodies come from `random` alone.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

BODIES = 1_000_000
SEEDS = Path("build/fuzz-replies")
_LONGEST = 64  # bytes, enough for ten words
# Where the branches are; what the patterns do is data, and tracing it too would only slow the run down.
_BRANCHY = [f"recovery_api.domain.reply_{name}" for name in ("words", "numbers", "scores", "places", "answers")]
_WORDS = """
7 10 0 3 11 77 101.3 38.5 5-6 5/6 7/10 1O L2 12/10 +++ 6½ ７ ٧ 7️⃣ 👍 😭 . , ? ! - / : ( ) # * ' no not never cant
don't without or nor and but if what when was is my his her mom dad she he i legs leg feet foot numb weak feel chest
pain breathe pee bladder fever chills temp fell fall wound red hot pus calf swollen head stop texting me these please
call wrong number died help out of ten to now yesterday today better gone pills at am minutes day A B C F N sin ni
piernas siento puedo dolor fiebre orinar me cai mensajes manden de siete ocho y media hoy ayer week feat
"""
_PIECES = tuple(_WORDS.split())


def body(pick: Callable[[int], int]) -> tuple[str, int, int]:
    """A text, and which question and danger to take; `pick(n)` is any number below n."""
    words = []
    for _ in range(pick(10)):
        kind = pick(12)
        if kind == 0:
            words.append("".join([chr(pick(0x2FF) + 1) for _ in range(pick(8))]))
        elif kind == 1:
            words.append(chr(pick(0x110000)))
        else:
            words.append(_PIECES[pick(len(_PIECES))])
    text = ("" if pick(8) == 0 else " ").join(words)
    return text, pick(1 << 8), pick(1 << 8)


def main() -> None:
    bodies = int(sys.argv[1]) if len(sys.argv) > 1 else BODIES
    try:
        import atheris
    except ImportError:
        _from_chance(bodies)
        return

    with atheris.instrument_imports(include=_BRANCHY, enable_loader_override=False):
        import tests.fuzz.reply_promises  # noqa: F401

    def one(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        _try(*body(lambda n: provider.ConsumeIntInRange(0, n - 1)))

    SEEDS.mkdir(parents=True, exist_ok=True)
    options = [
        f"-runs={bodies}",
        f"-max_len={_LONGEST}",
        "-len_control=0",
        "-rss_limit_mb=0",
        "-artifact_prefix=build/",
        "-seed=1",
    ]
    atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", str(SEEDS)], one)
    atheris.Fuzz()


def _from_chance(bodies: int) -> None:
    rng = Random(1)
    for _ in range(bodies):
        _try(*body(rng.randrange))
    print(f"{bodies} bodies read, without atheris")


def _try(text: str, question: int, danger: int) -> None:
    from tests.fuzz.reply_promises import QUESTIONS_AND_OTHERS, broken_promise

    asked = QUESTIONS_AND_OTHERS[question % len(QUESTIONS_AND_OTHERS)]
    broken = broken_promise(text, asked, danger)
    if broken:
        raise AssertionError(f"{text!r} to {asked!r}: {broken}")


if __name__ == "__main__":
    main()

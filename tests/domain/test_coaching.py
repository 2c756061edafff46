"""Yesterday's answers choose today's lesson, by what was done or by the patient's own words."""

import pytest

from recovery_api.domain.coaching import DayTold, choose_lesson, read_coaching
from recovery_api.domain.errors import PackError
from recovery_api.domain.pack_section import Section
from recovery_api.packs.protocol_pack import protocol_pack

COACHING = protocol_pack().coaching
assert COACHING is not None


@pytest.mark.parametrize(
    ("text", "lesson"),
    [("I lifted some groceries today", "bending"), ("levanté una caja", "bending"), ("me agaché mucho", "bending"),
     ("4 and constipated", "hard-stools"), ("no puedo ir al baño", "hard-stools"), ("I did not lift anything", None),
     ("nunca cargué nada", None), ("4", None), ("not constipated but i carried wood", "bending"),
     ("4, stayed in bed all day", "short-walks"), ("I didn't get out of bed", "short-walks"),
     ("me quedé en cama todo el día", "short-walks"), ("no me levanté de la cama", "short-walks"),
     ("barrí la cocina", "bending"), ("caminé por el barrio", None), ("I got out of bed early", None),
     ("I did not stay in bed all day", None), ("not in bed all day today", None)],
)  # fmt: skip
def test_words_choose_a_lesson_unless_they_are_denied(text: str, lesson: str | None) -> None:
    chosen = choose_lesson(COACHING, DayTold(5, (), [text]), ())
    assert (chosen[0].id if chosen else None) == lesson


def test_a_day_in_bed_brings_short_walks_with_its_reason_but_not_on_the_first_day() -> None:
    chosen = choose_lesson(COACHING, DayTold(5, {"in_bed"}, []), ())
    assert chosen is not None
    assert (chosen[0].text_key, chosen[1]) == ("coach_short_walks", "short-walks: activity in_bed on day 5")
    assert choose_lesson(COACHING, DayTold(1, {"in_bed"}, []), ()) is None
    assert choose_lesson(COACHING, DayTold(5, {"usual_day"}, []), ()) is None


def test_what_was_sent_lately_makes_way_for_the_next_lesson_that_fits() -> None:
    told = DayTold(5, {"in_bed"}, ["lifted a box"])
    chosen = choose_lesson(COACHING, told, {"coach_bending"})
    assert chosen is not None
    assert chosen[0].id == "short-walks"


@pytest.mark.parametrize(
    "lesson", [{"id": "a", "text": "t"}, {"id": "a", "text": "t", "activity": ["flying"]}], ids=["no cause", "unknown"]
)
def test_a_lesson_that_nothing_can_call_for_is_refused(lesson: dict[str, object]) -> None:
    content = {"at": "15:00", "again_after_days": 7, "signed_off_by": "Dr. Made-up", "lessons": [lesson]}
    with pytest.raises(PackError, match="must name words, or activity by its levels"):
        read_coaching(Section("mine.yaml", "coaching", content))

"""A protocol file that is unfit is refused by file, line and reason; variables keep their bounds; versions compare."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from recovery_api.cli.plan_text import year_of
from recovery_api.domain.errors import PackError
from recovery_api.domain.messages import placeholders
from recovery_api.domain.protocol_diff import differences
from recovery_api.domain.silence_ladder import missed_in_a_row
from recovery_api.packs.protocol_pack import protocol_pack, read_file
from recovery_api.packs.texts import message_pack
from recovery_api.services.shown_values import shown_values

SHIPPED = Path(__file__).parents[2] / "recovery_api/packs/protocols/vertebroplasty.yaml"
DAY, ZONE = date(2026, 6, 1), ZoneInfo("America/New_York")


def edited(tmp_path: Path, old: str, new: str) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def line_of(file: Path, words: str) -> int:
    lines = file.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


REFUSALS = {
    "a kind that is none": ("kind: posture", "kind: sms", "kind: sms", "kind is 'sms'"),
    "a text that nobody wrote": ("text: bone_care", "text: bone_cares", "text: bone_cares", "'bone_cares'"),
    "a text without its value": ("    uses: [shower_hours]\n", "", "text: bandage_and_showers", "shower_hours"),
    "a variable out of bounds": ("lifting_pounds: 10", "lifting_pounds: 80", "lifting_pounds: 80", "from 2 to 25"),
    "fasting from noon on": (
        'fasting_hour: "00:00"',
        'fasting_hour: "12:00"',
        "fasting_hour",
        "fasting_hour is '12:00'",
    ),
    "a gap between phases": ("from: 15, to: 42", "from: 16, to: 42", "id: twice-a-week", "must begin on day 15"),
    "a ladder that stands still": ("{missed: 2,", "{missed: 1,", "rungs:", "must rise"),
    "a time at night": ('days: [10]\n    at: "13:00"', 'days: [10]\n    at: "21:00"', 'at: "21:00"', "before 20:00"),
    "not YAML": ("version:", "version: {", "signed_off_by", ""),
    "a key twice": ("    days: [10]\n", "    days: [10]\n    days: [11]\n", "days: [11]", "days stands twice"),
    "a date that is none": ("    days: [10]\n", "    days: [2020-13-45]\n", "days: [2020", "month must be in 1..12"),
    "a control character": ('version: "2', 'version: "\x012', "version:", "special characters are not allowed"),
    "a lesson's text that nobody wrote": ("coach_bending", "coach_bends", "text: coach_bends", "'coach_bends'"),
    "a lesson's words without a list": ('["lift*", ', '"lift*"  # [', "words:", "words must be lists by language"),
    "a lesson's word that is no text": ("[levante, ", "[no, ", "words:", "words must be lists by language"),
    "a lesson's word that fits all": ("[levante, ", '["*", ', "words:", "words must be lists by language"),
    "a lesson's word without a letter": ("[levante, ", '["\'", ', "words:", "words must be lists by language"),
    "a rung's way that is none": ("1, by: text", "1, by: pigeon", "missed: 1", "by is 'pigeon'"),
    "a rung's text that nobody wrote": ("are_you_ok,", "are_you_oks,", "missed: 1", "'are_you_oks'"),
    "four texts on a day": ('days: [3]\n    at: "17:00"', 'days: [1]\n    at: "17:00"', "steps:", "4 texts on day 1"),
}


@pytest.mark.parametrize(("old", "new", "at_line", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_an_unfit_file_is_refused_with_its_line(tmp_path: Path, old: str, new: str, at_line: str, reason: str) -> None:
    file = edited(tmp_path, old, new)
    with pytest.raises(PackError) as caught:
        read_file(file)
    assert caught.value.file == "mine.yaml"
    assert caught.value.where.split(",")[0] == f"line {line_of(file, at_line)}", caught.value.message
    assert reason in caught.value.reason


def test_a_changed_variable_changes_the_texts_that_use_it_and_no_other(tmp_path: Path) -> None:
    mine, _ = read_file(edited(tmp_path, "lifting_pounds: 10", "lifting_pounds: 5"))
    found = differences(year_of(protocol_pack(), DAY, ZONE), year_of(mine, DAY, ZONE))
    assert {one.after.text_key for one in found if one.after} == {"posture_lifting", "ask_about_lifting"}
    assert {one.after.values["lifting_pounds"] for one in found if one.after} == {"5"}


def test_a_version_that_differs_in_nothing_shows_no_difference() -> None:
    year = year_of(protocol_pack(), DAY, ZONE)
    assert differences(year, year) == ()


def test_a_step_taken_out_is_shown_as_gone(tmp_path: Path) -> None:
    mine, _ = read_file(edited(tmp_path, "days: [12, 150, 270]", "days: [12, 150]"))
    [gone] = differences(year_of(protocol_pack(), DAY, ZONE), year_of(mine, DAY, ZONE))
    assert (gone.before is not None and gone.before.text_key, gone.after) == ("fall_safety", None)


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_text_of_the_year_gets_every_value(language: str) -> None:
    standing = {
        "clinic": "Harbour Clinic",
        "phone": "(212) 555-0100",
        "emergency": "911",
        "about": "https://recovery.test/about",
    }
    for one in year_of(protocol_pack(), DAY, ZONE):
        text = message_pack().render(one.text_key, language, standing | shown_values(one.values, language))
        assert not placeholders(text), text


def test_the_year_teaches_everything_that_the_course_calls_for() -> None:
    keys = {one.text_key for one in year_of(protocol_pack(), DAY, ZONE)}
    assert keys >= {
        "prepare_blood_thinner_on", "prepare_imaging", "prepare_medicines", "prepare_fasting", "prepare_ride",
        "prepare_home", "rest_short_walks", "posture_sitting", "posture_lifting", "walk_a_little_more",
        "no_driving_yet",
        "bandage_and_showers", "pain_pills_safely", "fall_safety", "bone_care", "visit_reminder", "year_done",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "heard", "missed"),
    [((1, 2, 3), None, (1, 2, 3)), ((1, 2, 3), 2, (3,)), ((1, 2, 3), 3, ()), ((1, 2, 5), 1, (2,)), ((), None, ())],
)
def test_days_missed_are_those_asked_since_somebody_was_heard(
    asked: tuple[int, ...], heard: int | None, missed: tuple[int, ...]
) -> None:
    days = [date(2026, 6, day) for day in asked]
    found = missed_in_a_row(days, None if heard is None else date(2026, 6, heard), date(2026, 6, 3))
    assert tuple(day.day for day in found) == missed

"""`rules replay`: diaries in, alerts out, and a plain word about every mistake."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from recovery_api.cli.rules import rules
from recovery_api.packs.rule_pack import rule_pack

ROOT = Path(__file__).parents[2]
COHORT = ROOT / "tests" / "data" / "cohort.py"
SHIPPED = ROOT / "recovery_api" / "packs" / "rules" / "vertebroplasty.yaml"
HEADER = "episode,baseline_pain,day,pain,symptoms\n"


@pytest.fixture
def diaries(tmp_path: Path) -> Path:
    """A patient whose usual is 3, one with a red flag who then falls silent, one without a word to say."""
    rows = [f"7,8,{day},{pain}," for day, pain in enumerate([3, 3, 4, 3, 8, 8, 3, 3, 3, 3, 3, 3, 3, 3], 1)]
    rows += ["8,6,1,3,", "8,6,2,3,fever;leg_weakness"]
    rows += [f"9,,{day},4," for day in range(14, 0, -1)]
    path = tmp_path / "diaries.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(rules, ["replay", *map(str, arguments)])


def alerts(out: Path) -> list[dict[str, str]]:
    with out.open(newline="") as file:
        return list(csv.DictReader(file))


def replayed(diaries: Path, *more: str | Path) -> list[dict[str, str]]:
    out = diaries.with_name("alerts.csv")
    result = run("--diaries", diaries, "--out", out, *more)
    assert result.exit_code == 0, result.output
    return alerts(out)


def refused(result: Result, *words: str) -> None:
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)  # and not the trace of a program
    assert all(word in result.output for word in words), result.output


def test_alerts_are_written_in_the_order_of_episodes_and_days(diaries):
    rows = replayed(diaries)
    assert list(rows[0]) == ["episode", "day", "rule", "family", "tier", "reason"]
    found = [(row["episode"], row["day"], row["rule"], row["tier"]) for row in rows]
    assert found == [
        ("7", "6", "PW-03", "urgent"),
        ("8", "2", "RF-A", "emergency"),
        ("8", "2", "RF-C", "urgent"),
        ("8", "6", "MS-02", "review"),
        ("9", "14", "PW-05", "review"),
    ]
    assert rows[0]["reason"] == "Pain 8 twice in a row; their usual is about 3"


def test_the_rows_of_a_file_may_stand_in_any_order(diaries):
    in_order = replayed(diaries)
    lines = diaries.read_text().splitlines()
    diaries.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    assert sorted(map(list, map(dict.items, replayed(diaries)))) == sorted(map(list, map(dict.items, in_order)))


def test_a_later_answer_changes_no_alert_of_the_days_before(diaries):
    before = [row for row in replayed(diaries) if row["family"] != "silence"]
    with diaries.open("a") as file:
        file.write("7,8,15,9,leg_weakness\n8,6,15,9,\n9,,15,9,\n")
    after = [row for row in replayed(diaries) if row["family"] != "silence" and int(row["day"]) < 15]
    assert after == before


def test_a_clinics_own_pack_takes_the_place_of_the_shipped_one(diaries, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        SHIPPED.read_text().replace("tier: urgent\n    sentence: Fever", "tier: today\n    sentence: Fever")
    )
    tiers = {row["rule"]: row["tier"] for row in replayed(diaries, "--rules", mine)}
    assert tiers["RF-C"] == "today"


def test_a_file_without_rows_gives_a_file_without_alerts(diaries):
    diaries.write_text(HEADER)
    assert replayed(diaries) == []


def test_an_answer_may_lack_pain_and_a_spreadsheet_may_mark_its_encoding(diaries):
    diaries.write_text("\ufeff" + HEADER + "7,,3,,fever\n")
    assert [row["rule"] for row in replayed(diaries)] == ["RF-C"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("7,8,1,11,", ["line 2", "pain is '11'", "from 0 to 10"]),
        ("7,8,1,three,", ["line 2", "pain is 'three'"]),
        ("7,8,,3,", ["line 2", "day is blank"]),
        ("7,8,first,3,", ["line 2", "day is 'first'"]),
        ("7,99,1,3,", ["line 2", "baseline_pain is '99'"]),
        (",8,1,3,", ["line 2", "episode is blank"]),
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_its_line(diaries, row, words):
    diaries.write_text(HEADER + row + "\n")
    out = diaries.with_name("alerts.csv")
    result = run("--diaries", diaries, "--out", out)
    refused(result, "diaries.csv", *words)
    assert result.exit_code == 1
    assert not out.exists()


def test_a_missing_column_is_named(diaries):
    diaries.write_text("episode,day,pain\n1,1,3\n")
    refused(run("--diaries", diaries, "--out", diaries.with_name("out.csv")), "baseline_pain, symptoms")


def test_a_file_that_is_no_text_is_refused(diaries):
    diaries.write_bytes(HEADER.encode() + b"7,8,1,\xff,\n")
    refused(run("--diaries", diaries, "--out", diaries.with_name("out.csv")), "UTF-8")


def test_an_unfit_pack_is_refused_by_file_rule_and_reason(diaries, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(SHIPPED.read_text().replace("usual_at_most: 6", "usual_at_most: 16"))
    result = run("--diaries", diaries, "--out", tmp_path / "out.csv", "--rules", mine)
    refused(result, "mine.yaml", "rule PW-03", "usual_at_most is 16")
    assert result.exit_code == 1


def test_walking_and_pills_may_stand_in_columns_of_their_own(diaries):
    diaries.write_text(HEADER.strip() + ",minutes_walked,pills_otc\n7,8,5,3,,0,2\n7,8,6,3,,0,9\n7,8,7,3,,,\n")
    found = {(row["day"], row["rule"]) for row in replayed(diaries) if row["family"] != "silence"}
    assert found == {("6", "AC-02"), ("6", "MED-02")}


def test_a_silence_is_told_once_by_every_rule_that_it_calls_for(diaries):
    diaries.write_text(HEADER + "".join(f"7,8,{day},{pain},\n" for day, pain in enumerate([3, 3, 3, 3, 7], 1)))
    with diaries.open("a") as file:
        file.write("8,8,14,3,\n")
    rows = [(row["day"], row["rule"]) for row in replayed(diaries) if row["episode"] == "7"]
    assert rows == [("7", "PW-02s"), ("9", "MS-02u")]


@pytest.fixture
def milder(tmp_path: Path) -> Path:
    """A pack that calls pain severe from 9 on, and fever one for today."""
    text = SHIPPED.read_text().replace("pain: 8\n      times", "pain: 9\n      times")
    path = tmp_path / "milder.yaml"
    path.write_text(text.replace("tier: urgent\n    sentence: Fever", "tier: today\n    sentence: Fever"))
    return path


def test_a_comparison_tells_what_another_pack_would_have_added_and_removed(diaries, milder):
    out = diaries.with_name("changed.csv")
    result = run("--diaries", diaries, "--compare", milder, "--out", out)
    assert result.exit_code == 0, result.output
    changes = [(row["episode"], row["rule"], row["tier"], row["change"]) for row in alerts(out)]
    assert changes == [
        ("7", "PW-02", "review", "added"),
        ("8", "RF-C", "today", "added"),
        ("7", "PW-03", "urgent", "removed"),
        ("8", "RF-C", "urgent", "removed"),
    ]
    assert "would have added 2 alerts and removed 2" in result.output
    assert "nursing, estimated" in result.output
    assert "30 patient-days" in result.output


def test_a_pack_compared_with_itself_changes_nothing(diaries):
    result = run("--diaries", diaries, "--compare", SHIPPED)
    assert "added 0 alerts and removed 0" in result.output


def test_the_page_of_the_rules_is_the_one_that_the_pack_makes(tmp_path):
    page = tmp_path / "rules.md"
    result = CliRunner().invoke(rules, ["page", "--out", str(page)])
    assert result.exit_code == 0, result.output
    written = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert page.read_text(encoding="utf-8") == written, "run: flask --app wsgi rules page --out docs/rules.md"
    assert all(f"### {rule.id}, version {rule.version}\n" in written for rule in rule_pack().rules)


def test_wrong_usage_exits_with_2(diaries, tmp_path):
    assert run("--diaries", diaries, "--clinic", "Demo", "--since", "2026-01-01").exit_code == 2
    assert run("--clinic", "Demo").exit_code == 2
    assert run("--diaries", diaries).exit_code == 2
    assert run("--diaries", tmp_path / "none.csv", "--out", tmp_path / "out.csv").exit_code == 2
    assert run("--diaries", diaries, "--out", diaries).exit_code == 2
    assert run("--help").exit_code == 0


def test_a_folder_that_is_not_there_is_refused_and_a_failed_run_leaves_the_old_file(diaries, tmp_path):
    refused(run("--diaries", diaries, "--out", tmp_path / "none" / "out.csv"), "out.csv")
    old = tmp_path / "alerts.csv"
    old.write_text("old\n")
    diaries.write_text(HEADER + "7,8,1,11,\n")
    refused(run("--diaries", diaries, "--out", old))
    assert old.read_text() == "old\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alerts.csv", "diaries.csv"]


def test_alerts_may_go_into_a_pipe(diaries, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run("--diaries", diaries, "--out", pipe).exit_code == 0
        assert b"PW-03" in os.read(reader, 10_000)
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_on_a_synthetic_cohort_fractures_are_found_and_false_alerts_are_rare(tmp_path):
    diaries, truth, out = (tmp_path / name for name in ("diaries.csv", "truth.csv", "alerts.csv"))
    subprocess.run(
        [sys.executable, COHORT, "make", "--patients", "1500", "--seed", "5", "--diaries", diaries, "--truth", truth],
        check=True,
    )
    assert run("--diaries", diaries, "--out", out).exit_code == 0
    figures = scored(diaries, truth, out)
    assert figures["false_alerts_per_100_patient_days"] <= 0.8
    assert figures["fracture"]["sensitivity"] >= 0.8
    assert figures["neuro"]["sensitivity"] >= 0.9
    assert figures["chance_hit"] <= 0.12


def scored(diaries: Path, truth: Path, found: Path) -> Any:
    files = ["--alerts", found, "--diaries", diaries, "--truth", truth]
    done = subprocess.run([sys.executable, COHORT, "score", *files], check=True, capture_output=True)
    return json.loads(done.stdout)

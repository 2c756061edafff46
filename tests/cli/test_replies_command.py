"""`replies read`, `messages measure` and `messages preview`: files in, files out, a plain word about every mistake."""

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from recovery_api.cli.messages import messages
from recovery_api.cli.replies import replies
from recovery_api.packs.texts import message_pack

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
COLUMNS = ["text", "question", "pain", "suggest", "intent", "tier", "symptoms", "because"]


def read(*arguments: str | Path) -> Result:
    return CliRunner().invoke(replies, ["read", *map(str, arguments)])


def measure(*arguments: str | Path) -> Result:
    return CliRunner().invoke(messages, ["measure", *map(str, arguments)])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_the_labelled_examples_come_back_in_their_order(tmp_path: Path) -> None:
    source, out = DATA / "replies_examples.csv", tmp_path / "read.csv"
    result = read("--in", source, "--out", out)
    assert (result.exit_code, result.output) == (0, "75 replies read\n")
    labels, made = rows(source), rows(out)
    assert list(made[0]) == COLUMNS
    kept = ("text", "question", "pain", "suggest", "intent", "tier")
    assert [[row[name] for name in kept] for row in made] == [[row[name] for name in kept] for row in labels]


def test_several_symptoms_are_joined_by_a_semicolon(tmp_path: Path) -> None:
    source = written(tmp_path / "in.csv", 'text,question\n"A, C",symptoms\n')
    read("--in", source, "--out", tmp_path / "out.csv")
    assert rows(tmp_path / "out.csv")[0]["symptoms"] == "fever;leg_weakness"


def test_a_byte_order_mark_windows_line_ends_and_cells_of_several_lines_are_read(tmp_path: Path) -> None:
    content = '\ufefftext,note,question\r\n"my legs\r\nare numb",x,any\r\n7,,pain\r\n"",,\r\n'
    source = written(tmp_path / "in.csv", content)
    result = read("--in", source, "--out", tmp_path / "out.csv")
    assert result.exit_code == 0, result.output
    made = rows(tmp_path / "out.csv")
    assert [row["text"] for row in made] == ["my legs\r\nare numb", "7", ""]
    assert [(row["intent"], row["pain"]) for row in made] == [("report", ""), ("check_in", "7"), ("ask_again", "")]


@pytest.mark.parametrize("command", [read, measure])
def test_a_text_with_a_bare_carriage_return_stays_one_row(command: Callable[..., Result], tmp_path: Path) -> None:
    source = written(tmp_path / "in.csv", 'text\n"pain 7\rthanks"\n"\r"\n5\n')
    assert command("--in", source, "--out", tmp_path / "out.csv").exit_code == 0
    assert [row["text"] for row in rows(tmp_path / "out.csv")] == ["pain 7\rthanks", "\r", "5"]


def test_a_missing_or_blank_question_means_any(tmp_path: Path) -> None:
    without = written(tmp_path / "a.csv", "text\nbad\nPain 7\n")
    blank = written(tmp_path / "b.csv", "text,question\nbad,\nPain 7, ANY \n")
    for source in (without, blank):
        read("--in", source, "--out", tmp_path / "out.csv")
        assert [row["pain"] for row in rows(tmp_path / "out.csv")] == ["", "7"]


def test_a_very_long_and_a_strange_cell_are_read(tmp_path: Path) -> None:
    source = written(tmp_path / "in.csv", "text\n" + "a" * 200_000 + "\n\x00\n👨‍👩‍👧‍👦\n")
    assert read("--in", source, "--out", tmp_path / "out.csv").exit_code == 0
    assert len(rows(tmp_path / "out.csv")) == 3


def test_one_reply_is_printed() -> None:
    result = read("my legs feel weak")
    assert result.exit_code == 0
    assert result.output.splitlines()[:5] == [
        "pain", "suggest", "intent    report", "tier      emergency", "symptoms  leg_weakness",
    ]  # fmt: skip
    assert "Weak, numb or unsteady legs" in result.output


def test_a_reply_that_begins_with_a_dash_can_be_read() -> None:
    assert "intent    ask_again" in read("--", "-1").output


@pytest.mark.parametrize("arguments", [[], ["7", "--in", "x"], ["--in", "x"], ["--out", "x"], ["--nonsense"]])
def test_wrong_usage_ends_with_2(arguments: list[str], tmp_path: Path) -> None:
    known = written(tmp_path / "x", "text\n7\n")
    result = read(*[str(known) if argument == "x" else argument for argument in arguments])
    assert result.exit_code == 2
    assert "Usage" in result.output


def test_a_file_that_is_not_there_ends_with_2_and_says_so(tmp_path: Path) -> None:
    result = read("--in", tmp_path / "nothing.csv", "--out", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert "does not exist" in result.output


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"body,question\n7,pain\n", "no column text"),
        (b"", "no column text"),
        (b"text\n\xff\xfe7\n", "is not UTF-8"),
    ],
)
@pytest.mark.parametrize("command", [read, measure])
def test_a_file_that_cannot_be_read_ends_with_1_and_leaves_no_output(
    command: Callable[..., Result], content: bytes, complaint: str, tmp_path: Path
) -> None:
    source, out = written(tmp_path / "in.csv", content), tmp_path / "out.csv"
    result = command("--in", source, "--out", out)
    assert (result.exit_code, complaint in result.output) == (1, True)
    assert "Traceback" not in result.output
    assert not out.exists()


@pytest.mark.parametrize("command", [read, measure])
def test_the_source_is_never_overwritten(command: Callable[..., Result], tmp_path: Path) -> None:
    source = written(tmp_path / "in.csv", "text\n7\n")
    result = command("--in", source, "--out", source)
    assert result.exit_code == 2
    assert source.read_text() == "text\n7\n"


def test_an_output_that_cannot_be_written_is_a_plain_mistake(tmp_path: Path) -> None:
    source = written(tmp_path / "in.csv", "text\n7\n")
    result = read("--in", source, "--out", tmp_path / "no" / "such" / "folder.csv")
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_segments_are_measured_without_smart_encoding(tmp_path: Path) -> None:
    source = written(tmp_path / "in.csv", 'id,text\n1,Hi\n2,It’s 7\n3,"' + "a" * 161 + '"\n4,\n')
    result = measure("--in", source, "--out", tmp_path / "out.csv")
    assert (result.exit_code, result.output) == (0, "4 texts measured\n")
    assert [list(row.values()) for row in rows(tmp_path / "out.csv")] == [
        ["Hi", "GSM-7", "1", "2"],
        ["It’s 7", "UCS-2", "1", "6"],
        ["a" * 161, "GSM-7", "2", "161"],
        ["", "GSM-7", "1", "0"],
    ]


def test_the_preview_shows_every_text_in_every_language() -> None:
    output = CliRunner().invoke(messages, ["preview"]).output
    pack = message_pack()
    for language in pack.languages:
        for key in pack.keys(language):
            assert f"{language} {key}: GSM-7, 1 segment, " in output
    assert "{" not in output
    assert "Your visit is Wed Sep 30 at 10:30 AM." in output
    assert "Su cita es el miércoles 30 de septiembre a las 10:30 AM." in output


def test_the_preview_of_an_unknown_language_ends_with_2() -> None:
    assert CliRunner().invoke(messages, ["preview", "--language", "xx"]).exit_code == 2


@pytest.mark.parametrize("group", [replies, messages])
def test_every_command_has_help(group: click.Group) -> None:
    for name in [*group.commands, None]:
        arguments = ["--help"] if name is None else [name, "--help"]
        assert CliRunner().invoke(group, arguments).exit_code == 0


def test_no_variable_and_no_database_is_needed() -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "replies", "read", "siete"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert "pain      7" in result.stdout

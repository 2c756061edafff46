"""`protocol show` and `protocol diff` print what a person can read, without a database."""

from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from recovery_api.app import create_app
from recovery_api.cli import register_commands
from recovery_api.packs.protocol_pack import SHIPPED, protocol_pack
from tests.builders import PatientPersona
from tests.database import settings_for_tests

PACK = Path(__file__).parents[2] / "recovery_api/packs" / SHIPPED


@pytest.fixture
def runner(tmp_path: Path) -> FlaskCliRunner:
    """The command line of an application without a database."""
    app = create_app(settings_for_tests(tmp_path))
    register_commands(app)
    return app.test_cli_runner()


def said(runner: FlaskCliRunner, *words: str, code: int = 0, answer: str | None = None) -> str:
    result = runner.invoke(args=["protocol", *words], input=answer)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def test_a_year_is_shown_day_by_day_in_local_time_with_every_word(runner: FlaskCliRunner) -> None:
    shown = said(runner, "show", "--from", "2026-12-07")
    assert "day -7 Mon 2026-11-30 09:30 preparation Your procedure is on Mon Dec 7." in shown
    assert "Do not drive before Wed Dec 9." in shown
    assert "day 365 Tue 2027-12-07" in shown
    assert "{" not in shown
    spanish = said(runner, "show", "--from", "2026-12-07", "--language", "es")
    assert "No maneje antes del miércoles 9 de diciembre" in spanish


def test_the_difference_of_two_files_is_shown_text_by_text(runner: FlaskCliRunner, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(PACK.read_text(encoding="utf-8").replace("shower_hours: 48", "shower_hours: 24"), encoding="utf-8")
    found = said(runner, "diff", str(mine))
    assert "~ day 2 2026-06-03 13:00 rest bandage_and_showers, shower_hours 48 -> 13:00" in found
    assert found.endswith("1 text differs.")
    assert said(runner, "diff", str(PACK)) == "No text differs."


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("show", "--from", "soon"), 2, "use a day such as 2026-11-22"),
        (("show", "--from", "9999-12-31"), 2, "use a day such as 2026-11-22"),
        (("show", "--zone", "Mars/Olympus"), 2, "must be an IANA zone"),
        (("show", "--zone", "../../etc/passwd"), 2, "must be an IANA zone"),
    ],
    ids=["a day", "the end of the calendar", "a zone", "a path"],
)
def test_a_mistake_is_named(runner: FlaskCliRunner, words: tuple[str, ...], code: int, reason: str) -> None:
    assert reason in said(runner, *words, code=code)


def test_an_unfit_file_is_named_with_its_line(runner: FlaskCliRunner, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(PACK.read_text(encoding="utf-8").replace("lifting_pounds: 10", "lifting_pounds: 80"), "utf-8")
    refused = said(runner, "show", "--file", str(mine), code=1)
    assert "mine.yaml: line 19, protocol, variables: lifting_pounds is 80" in refused


def test_a_version_is_published_once_it_is_signed_and_a_patient_moved_once_the_difference_was_seen(
    ann: PatientPersona, tmp_path: Path
) -> None:
    app, clinic, patient = ann.clinic.app, str(ann.clinic.id), str(ann.id)
    shipped, own = protocol_pack(), f"{protocol_pack().version}+1"
    register_commands(app)
    mine, text = tmp_path / "mine.yaml", PACK.read_text(encoding="utf-8")
    text = text.replace(f'"{shipped.version}"', f'"{own}"', 1).replace("lifting_pounds: 10", "lifting_pounds: 5")
    with app.app_context():
        runner = app.test_cli_runner()
        for named in ("signed_off_by", "coaching.signed_off_by"):
            mine.write_text(text, encoding="utf-8")
            refused = said(runner, "publish", str(mine), "--clinic", clinic, code=1)
            assert refused == f"Error: mine.yaml: {named} must name the clinician of this clinic who signed it"
            text = text.replace(shipped.signed_off_by, "Dr. Made-up", 1)
        mine.write_text(text, encoding="utf-8")
        assert f"{own} is in force for new patients" in said(runner, "publish", str(mine), "--clinic", clinic)
        assert f"{shipped.version} since" in said(runner, "versions", "--clinic", clinic)
        move = ("move", "--patient", patient, "--to", own)
        assert "lifting_pounds 10 -> 13:00" in said(runner, *move, answer="n\n")
        assert said(runner, "show", "--patient", patient).startswith(f"vertebroplasty {shipped.version};")
        assert said(runner, *move, answer="y\n").endswith(f"The patient is on {own} now.")
        assert said(runner, "show", "--patient", patient).startswith(f"vertebroplasty {own};")
        assert "no protocol of version '9'" in said(runner, "move", "--patient", patient, "--to", "9", code=1)

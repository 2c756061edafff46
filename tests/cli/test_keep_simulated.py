"""What an app developer is handed of a simulated clinic: settings that a shell reads, and tokens that work."""

import shlex
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from flask import Flask

from recovery_api.cli.keep_simulated import hand_over
from recovery_api.clock import Clock, real_now
from recovery_api.config import Settings
from recovery_api.simulator.year import Year
from recovery_api.simulator.year_carrier import MovingClock, YearCarrier
from recovery_api.simulator.year_hooks import YearHooks
from tests.builders import PatientPersona, Persona
from tests.database import ACCOUNT, TOKEN


def test_an_app_developer_can_play_with_one_patient(
    app: Flask, settings: Settings, ann: PatientPersona, tmp_path: Path
) -> None:
    clinic, clock = ann.clinic, MovingClock(real_now() + timedelta(days=200))
    hooks = YearHooks(app, settings.public_url, ACCOUNT, TOKEN)
    year = Year(
        app, clinic.wiring.vaults, settings.public_url, clock, YearCarrier(clock, ACCOUNT), hooks, clinic.id,
        clinic.number, UUID(int=0), 1, {},
    )  # fmt: skip
    with app.app_context():
        kept = hand_over(replace(settings, run_dir=tmp_path), year, ann.id, 8123)
    known = environment(kept.settings_file)
    assert (known["RECOVERY_ENV"], known["RUN_DIR"]) == (settings.env, str(tmp_path))
    assert known["PUBLIC_URL"] == kept.public_url == "http://localhost:8123"
    assert known["DATABASE_URL"] == settings.database_url
    assert kept.settings_file.stat().st_mode & 0o777 == 0o600
    ahead = Clock(Path(known["RECOVERY_CLOCK_FILE"])).now() - real_now()
    assert abs(ahead - timedelta(days=200)) < timedelta(minutes=1)
    assert Persona(clinic, ann.id, kept.access_token).get("/me/episode").status_code == 200
    assert kept.access_token in kept.in_words()
    assert f". {kept.settings_file}; flask --app wsgi run --port 8123" in kept.in_words()


def environment(file: Path) -> dict[str, str]:
    """What a shell has after it has read the file."""
    said = subprocess.run(
        ["sh", "-c", f". {shlex.quote(str(file))}; env -0"], capture_output=True, check=True, env={}
    ).stdout
    return dict(one.split("=", 1) for one in said.decode().split("\0") if one)

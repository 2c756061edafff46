"""Attack a running server with schemathesis: all checks, all phases, two callers of different clinics.

`python -m tests.contract.attack [--examples 30] [--seed 1]` ends with 1 where anything failed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import clinic_transaction, db
from recovery_api.services.credentials import issue
from recovery_api.wiring import wiring
from tests.deployment import PROJECT, Deployment, wait_for

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
CAMPS = {"anyone": None, "patients": "patientToken", "staff": "staffToken"}
# Beside what schemathesis expects itself: an app that is too old, and a version that somebody else was faster with.
ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "412", "426", "429"]
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "426", "428", "429"]
# Valid by shape, refused by a rule that no schema can say: between two fields, or with the day and the world outside.
ALSO_422 = {
    "reportCheckIn": "no fact at all, or local_date is far from recorded_at",
    "correctCheckIn": "no fact at all",
    "takeCheckIn": "no fact at all, or local_date is far from recorded_at",
    "answerQuestionnaire": "neither score nor answers, the answers do not make the score, or are of another instrument",
    "putActivityDay": "the day lies ahead, or too far back",
    "addPatient": "born ahead, or no such phone number",
    "addPhone": "no such phone number",
    "changePatient": "born ahead",
    "startEpisode": "the procedure lies ahead, or the protocol is not published",
    "changeEpisode": "the procedure lies ahead",
    "putMyDevice": "a browser's push subscription is JSON of its own",
    "holdEpisode": "the end lies behind, or too far ahead; the owner is nobody",
    "bookAppointment": "the visit lies behind",
    "changeAppointment": "the visit lies behind",
    "assignFlag": "the assignee is nobody of the clinic",
    "snoozeFlag": "the end lies behind, or more than a day ahead",
    "reportFlags": "until lies before since",
    "proposeWording": "there is no such text, or the words break a rule of texts",
    "writeToPatient": "more than a text can hold",
}
BY_ITEM = {"reportCheckIns", "putActivityDays"}  # a wrong item is refused by itself, in an answer of 200
SPARE = 400


def main() -> int:
    """Attack as everybody, one after the other; 0 where nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=30, help="at most so many cases an operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--camp", choices=sorted(CAMPS), action="append", help="as these alone")
    told = parser.parse_args()
    with running() as deployment:
        failed = [
            camp
            for camp in told.camp or CAMPS
            if not attack(deployment, camp, deployment.port, told.examples, told.seed)
        ]
    print(f"Failed: {', '.join(failed)}" if failed else "Nothing failed.")
    return bool(failed)


@contextmanager
def running() -> Iterator[Deployment]:
    """A server on a database of its own, with two clinics."""
    with tempfile.TemporaryDirectory(prefix="recovery-attack-", dir="/var/tmp") as folder:
        deployment = Deployment(Path(folder))
        try:
            deployment.prepare()
            deployment.start("web")
            wait_for(lambda: deployment.get("/healthz")[0] == 200, "the web did not start")
            yield deployment
        finally:
            deployment.stop()


def attack(
    deployment: Deployment, camp: str, port: int, examples: int, seed: int, *more: str, only: tuple[str, ...] = ()
) -> bool:
    """Run schemathesis as one camp's two callers; whether everything held. Its report is in the deployment's folder."""
    document = json.loads((PROJECT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    names = sorted(only or operations_of(document, CAMPS[camp]))
    spare = deployment.folder / "spare.txt"
    spare.write_text("\n".join(spare_tokens(deployment, SPARE if camp == "patients" else 0)))
    callers = {} if camp == "anyone" else _callers(deployment, camp)
    config = _configure(deployment, camp, names, callers)
    command = [SCHEMATHESIS, "--config-file", str(config), "run", f"http://127.0.0.1:{port}/api/v1/openapi.json"]
    command += [f"--include-operation-id={name}" for name in names]
    command += ["--checks=all", "--phases=examples,coverage,fuzzing,stateful", "--suppress-health-check=all"]
    command += [f"--max-examples={examples}", f"--seed={seed}", "--no-color", "--warnings=off", "--continue-on-failure"]
    command += ["--report=ndjson", f"--report-ndjson-path={deployment.folder / camp}.ndjson", *more]
    tokens = {"ATTACK_SPARE_TOKENS": str(spare), "ATTACK_OWN_TOKENS": " ".join(callers.values())}
    hooks = {"SCHEMATHESIS_HOOKS": "tests.contract.attack_hooks", "PYTHONPATH": str(PROJECT)}
    environment = {**os.environ, **hooks, **tokens}
    print(f"\nAs {camp}: {len(names)} operations", flush=True)
    return subprocess.run(command, env=environment, cwd=deployment.folder, check=False).returncode == 0


def operations_of(document: dict[str, Any], token: str | None) -> list[str]:
    """The names of the operations that ask for this token, or for none."""
    return [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
        if isinstance(operation, dict) and token in ([name for way in operation["security"] for name in way] or [None])
    ]


def _configure(deployment: Deployment, camp: str, names: list[str], callers: dict[str, str]) -> Path:
    lines = []
    if callers:
        auth = deployment.folder / f"{camp}.json"
        auth.write_text(json.dumps({"auth": [_bearer(name, token) for name, token in callers.items()]}))
        lines += ["[auth.wfc]", f'path = "{auth}"', f"peers = {json.dumps(list(callers))}"]
    lines += ["[checks.positive_data_acceptance]", f"expected-statuses = {json.dumps(ACCEPTED)}"]
    lines += ["[checks.negative_data_rejection]", f"expected-statuses = {json.dumps(REFUSED)}"]
    lines += ["[checks.missing_required_header]", f"expected-statuses = {json.dumps(['401', '403', '428'])}"]
    for name in names:
        if name in ALSO_422:
            lines += ["[[operations]]", f'include-operation-id = "{name}"']
            lines += [f"checks.positive_data_acceptance.expected-statuses = {json.dumps([*ACCEPTED, '422'])}"]
        if name in BY_ITEM:
            lines += ["[[operations]]", f'include-operation-id = "{name}"']
            lines += [f"checks.negative_data_rejection.expected-statuses = {json.dumps([*REFUSED, '200'])}"]
    file = deployment.folder / f"{camp}.toml"
    file.write_text("\n".join(lines) + "\n")
    return file


def _callers(deployment: Deployment, camp: str) -> dict[str, str]:
    """The tokens of two callers, each of another clinic."""
    clinics = deployment.seeded["clinics"]
    if camp == "patients":
        return {f"patient of {one['name']}": one["patients"][2]["access_token"] for one in clinics}
    leads = (next(staff for staff in one["staff"] if staff["role"] == "lead") for one in clinics)
    return {f"lead of {one['name']}": lead["access_token"] for one, lead in zip(clinics, leads, strict=True)}


def _bearer(name: str, token: str) -> dict[str, Any]:
    return {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}


def spare_tokens(deployment: Deployment, count: int) -> list[str]:
    """Tokens of a patient that may be ended, each of a device of its own."""
    clinic = deployment.seeded["clinics"][0]
    clinic_id, patient_id = UUID(clinic["id"]), UUID(clinic["patients"][0]["id"])
    app = create_app(Settings.from_env(deployment.env))
    with app.app_context(), clinic_transaction(clinic_id, wiring().vaults) as scope:
        made = [issue(scope.connection, "patient_access", clinic_id, patient_id) for _ in range(count)]
    with app.app_context():
        db.engine.dispose()
    return made


if __name__ == "__main__":
    sys.exit(main())

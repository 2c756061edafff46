"""A TypeScript client made from the committed document: it type-checks, a wrong call does not, and its story runs."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.db import clinic_transaction, db
from recovery_api.models import tables
from recovery_api.wiring import wiring
from tests.deployment import PROJECT, Deployment, wait_for

HERE = Path(__file__).parent
COMPILE = [
    "--strict",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--moduleResolution",
    "nodenext",
    "--types",
    "node",
]
COPIED = ("package.json", "package-lock.json", ".npmrc", "story.ts", "wrong.ts")

pytestmark = [pytest.mark.soak, pytest.mark.processes]


def run(*command: str, folder: Path, seconds: int = 150) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=seconds)


def tool(name: str) -> str:
    return f"node_modules/.bin/{name}"


@pytest.fixture(scope="module")
def client(pytestconfig: pytest.Config) -> Path:
    """A folder with the compiler and the client's types, made from the document."""
    if not pytestconfig.getoption("--long"):
        pytest.skip("the TypeScript client takes half a minute to make: make soak does")
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    folder = PROJECT / "build" / "client"
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "package-lock.json"
    is_fresh = lock.exists() and lock.read_bytes() == (HERE / "package-lock.json").read_bytes()
    for name in COPIED:
        shutil.copy(HERE / name, folder / name)
    if not (is_fresh and (folder / tool("tsc")).exists()):
        lock.unlink()
        shutil.copy(HERE / "package-lock.json", lock)
        installed = run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=folder)
        if installed.returncode:
            pytest.skip(f"npm could not fetch what package-lock.json names: {installed.stderr.splitlines()[-1:]}")
    document = str(PROJECT / "docs" / "openapi.json")
    made = run(tool("openapi-typescript"), document, "-o", "schema.ts", "--default-non-nullable=false", folder=folder)
    assert made.returncode == 0, made.stderr
    return folder


def test_a_wrong_call_does_not_type_check(client: Path) -> None:
    said = run(tool("tsc"), *COMPILE, "--noEmit", "wrong.ts", folder=client)
    lines = (client / "wrong.ts").read_text(encoding="utf-8").splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if "// wrong:" in line}
    found = {int(number) for number in re.findall(r"wrong\.ts\((\d+),", said.stdout)}
    assert found == wrong, said.stdout


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    made = Deployment(tmp_path, workers=1)
    try:
        made.prepare()
        made.start("web")
        wait_for(lambda: made.get("/healthz")[0] == 200, "the web did not start")
        yield made
    finally:
        made.stop()


def six_digits(deployment: Deployment, clinic: dict[str, Any]) -> str:
    """The digits in the newest text with a log-in code that waits to be sent."""
    app = create_app(Settings.from_env(deployment.env))
    message = tables.message
    with app.app_context(), clinic_transaction(UUID(clinic["id"]), wiring().vaults) as scope:
        chosen = select(message).where(message.c.text_key == "login_code").order_by(message.c.id.desc()).limit(1)
        row = scope.connection.execute(chosen).one()
        found = re.search(r"\d{6}", scope.vault.open("message.body", row.id, row.body_sealed))
    with app.app_context():
        db.engine.dispose()
    assert found is not None
    return found[0]


def test_the_story_type_checks_and_runs_from_node(client: Path, deployment: Deployment) -> None:
    compiled = run(tool("tsc"), *COMPILE, "story.ts", folder=client)
    assert compiled.returncode == 0, compiled.stdout
    clinic = deployment.seeded["clinics"][0]
    address, code = f"http://127.0.0.1:{deployment.port}", clinic["patients"][2]["enrol_code"]
    story = subprocess.Popen(
        ["node", "story.js", address, code], cwd=client, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr,
    )  # fmt: skip
    assert story.stdin is not None
    assert story.stdout is not None
    try:
        assert story.stdout.readline() == "the six digits, please\n"
        said, _ = story.communicate(f"{six_digits(deployment, clinic)}\n", timeout=60)
    finally:
        story.kill()
        story.wait()
    assert (story.returncode, said) == (0, "done\n")

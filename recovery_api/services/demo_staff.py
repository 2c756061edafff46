"""The demo's printed log-ins, kept in its run folder so that its sign-in page can show them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

_FILE = "demo-staff.json"


@dataclass(frozen=True, slots=True)
class DemoLogIn:
    """A made-up clinician's log-in."""

    email: str
    password: str
    totp_secret: str


def keep_demo_log_ins(run_dir: Path, log_ins: list[DemoLogIn]) -> None:
    """Write the log-ins of this demo, for its own pages alone."""
    file = run_dir / _FILE
    file.touch(mode=0o600)
    file.write_text(json.dumps([asdict(one) for one in log_ins]), encoding="utf-8")


def demo_log_ins(run_dir: Path) -> list[DemoLogIn]:
    """The log-ins of the demo, none where there is no demo."""
    try:
        rows = json.loads((run_dir / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [DemoLogIn(**row) for row in rows]

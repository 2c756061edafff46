"""What every process of the jobs shares: the application, its name as a holder of work, and a stop that is obeyed."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask

from recovery_api.clock import real_now
from recovery_api.config import Settings
from recovery_api.core import create_core
from recovery_api.gateways.process_files import note_process
from recovery_api.logs import set_up_logs, warn
from recovery_api.services.check_readiness import refuse_to_start
from recovery_api.wiring import Wiring


@dataclass(frozen=True)
class JobsApp:
    """One running process of the jobs."""

    app: Flask
    wiring: Wiring
    holder: str
    stop: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def start(cls, settings: Settings) -> "JobsApp":
        """The core of the application, once it is fit to start. Raises SettingsRefused with every reason."""
        app = create_core(settings)
        with app.app_context():
            refuse_to_start(settings)
        parts: Wiring = app.extensions["recovery"]
        return cls(app, parts, f"{socket.gethostname()}:{os.getpid()}:{int(real_now().timestamp() * 1_000_000)}")

    def begin(self, process: str) -> None:
        """Write the pid file and the logs of `process`, and stop on SIGTERM or SIGINT. Raises SettingsRefused."""
        settings = self.wiring.settings
        note_process(process, settings)
        set_up_logs(process, settings.log_dir)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self.stop.set())

    def attempt(self, name: str, work: Callable[[], int]) -> int:
        """Run one piece of work; whatever goes wrong is written down, and the next round comes all the same."""
        with self.app.app_context():
            try:
                return work()
            except Exception as error:  # the one place where a job may fail without ending the process
                warn("job.failed", job=name, error=type(error).__name__)
                return 0

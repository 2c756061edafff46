"""Where servers and the command line find the application."""

import gc

from recovery_api.app import create_app
from recovery_api.cli import register_commands
from recovery_api.config import Settings

app = create_app(Settings.from_env())
register_commands(app)
gc.freeze()  # all this lives as long as the process: no walk through it, at the end least of all

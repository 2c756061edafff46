"""The application of a web worker: every pack is read before the first text arrives, not while a patient waits."""

import gc

from recovery_api.app import create_app
from recovery_api.cli.warm_packs import read_every_pack
from recovery_api.config import Settings
from recovery_api.logs import set_up_logs

_settings = Settings.from_env()
set_up_logs("web", _settings.log_dir)
app = create_app(_settings)
read_every_pack()
# What was read until now lives as long as the process: the collector of garbage need never walk through it again.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)

"""The application of a web worker: every pack is read before the first text arrives, not while a patient waits."""

from recovery_api.app import create_app
from recovery_api.config import Settings
from recovery_api.logs import set_up_logs
from recovery_api.packs.carrier_codes import carrier_codes
from recovery_api.packs.protocol_pack import protocol_pack
from recovery_api.packs.reading import reply_reader
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.packs.texts import message_pack

_settings = Settings.from_env()
set_up_logs("web", _settings.log_dir)
app = create_app(_settings)
for _pack in (message_pack, rule_pack, protocol_pack, carrier_codes):
    _pack()
reply_reader().read("warm 0", "pain", "en")
reply_reader().read("hola 0", "pain", "es")

"""What every surface shares: the settings, the clock, the vaults and the carrier, made when first needed."""

from functools import cached_property
from typing import cast

from flask import current_app

from recovery_api.clock import Clock
from recovery_api.config import Settings
from recovery_api.db import Vaults
from recovery_api.gateways.sms import SmsGateway
from recovery_api.gateways.twilio import TwilioGateway


class Wiring:
    """The parts of one application."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock(settings.clock_file)

    @cached_property
    def vaults(self) -> Vaults:
        """The clinics' vaults. Raises SettingsRefused where the data key is missing or unfit."""
        return Vaults(self.settings.data_key())

    @cached_property
    def gateway(self) -> SmsGateway:
        """The carrier."""
        settings = self.settings
        return TwilioGateway(
            account_sid=settings.twilio_account_sid,
            auth_token=settings.twilio_auth_tokens[0] if settings.twilio_auth_tokens else "",
            api_key=settings.twilio_api_key,
            api_secret=settings.twilio_api_secret,
            messaging_service_sid=settings.twilio_messaging_service_sid,
            api_base=settings.twilio_api_base,
        )


def wiring() -> Wiring:
    """The parts of the application at hand."""
    return cast(Wiring, current_app.extensions["recovery"])

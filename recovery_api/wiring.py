"""What every surface shares: the settings, the clock, the vaults and the carrier, made when first needed."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import cast

from flask import current_app

from recovery_api.clock import Clock
from recovery_api.config import Settings
from recovery_api.db import Vaults
from recovery_api.domain.trial import EVERY
from recovery_api.gateways.email import SmtpPages
from recovery_api.gateways.page_channel import PageChannel
from recovery_api.gateways.push import PushGateway
from recovery_api.gateways.second_carrier import TwoCarriers
from recovery_api.gateways.sms import SmsGateway
from recovery_api.gateways.trial_road import SignedRoad, SimulatedRoad, SinkForTrials, TrialRoad
from recovery_api.gateways.twilio import TwilioGateway
from recovery_api.gateways.twilio_calls import TwilioCalls
from recovery_api.gateways.vapid import VapidKey, vapid_key
from recovery_api.gateways.voice import CallGateway
from recovery_api.gateways.voice_pages import VoicePages
from recovery_api.gateways.web_push import WebPush
from recovery_api.services.public_address import pages_are_at
from recovery_api.services.tell_pages import Channels


class Wiring:
    """The parts of one application."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        pages_are_at(settings.public_url)
        self.clock = Clock(settings.clock_file)

    @cached_property
    def vaults(self) -> Vaults:
        """The clinics' vaults. Raises SettingsRefused where the data key is missing or unfit."""
        return Vaults(self.settings.data_key())

    @cached_property
    def gateway(self) -> SmsGateway:
        """The carrier, or both of them; in production the texts of trials go nowhere."""
        return SinkForTrials(self._carriers) if self.settings.in_production else self._carriers

    @cached_property
    def channels(self) -> Channels:
        """The second channels of pages that are set up."""
        settings = self.settings
        by_name: dict[str, PageChannel] = {"email": SmtpPages(settings.smtp_url)} if settings.smtp_url else {}
        if settings.twilio_account_sid:
            by_name["voice"] = VoicePages(self.calls, settings.public_url)
        return Channels(by_name, f"{settings.public_url}/worklist")

    @cached_property
    def push_key(self) -> VapidKey | None:
        """The key by which push services know us. Raises SettingsRefused where it is unfit."""
        return vapid_key(self.settings)

    @cached_property
    def pushes(self) -> Mapping[str, PushGateway]:
        """The push services that are set up, by the platform of a device; docs/push.md tells how to add one."""
        key, settings = self.push_key, self.settings
        if key is None:
            return {}
        return {"webpush": WebPush(key, settings.public_url, allow_local=not settings.in_production)}

    @cached_property
    def trial_road(self) -> TrialRoad:
        """How a trial's words reach us: through the simulated carrier where there is one."""
        settings = self.settings
        if settings.twilio_api_base and not settings.in_production:
            return SimulatedRoad(settings.twilio_api_base)
        token = settings.twilio_auth_tokens[0] if settings.twilio_auth_tokens else ""
        return SignedRoad(settings.public_url, settings.twilio_account_sid, token)

    @property
    def first_trial_after(self) -> timedelta:
        """How long a clinic that was never tried waits: in the demo it is to be seen at once."""
        return timedelta(seconds=10) if self.settings.env == "demo" else EVERY

    @cached_property
    def _carriers(self) -> SmsGateway:
        settings, first = self.settings, self._twilio
        if not settings.has_second_carrier:
            return first
        second = TwilioGateway(
            account_sid=settings.second_carrier_account_sid,
            auth_token=settings.second_carrier_auth_token,
            messaging_service_sid=settings.second_carrier_messaging_service_sid,
            api_base=settings.second_carrier_api_base,
        )
        return TwoCarriers(first, second)

    @cached_property
    def calls(self) -> CallGateway:
        """The carrier of calls, over the same connections."""
        return TwilioCalls(self._twilio)

    @cached_property
    def _twilio(self) -> TwilioGateway:
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

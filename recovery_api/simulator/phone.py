"""The demo's phone: play a patient, move the clock, break the network, and see what came of it; with all its views."""

from recovery_api.simulator import (
    phone_call_views,
    phone_clock_views,
    phone_network_views,
    phone_text_views,
    phone_views,
)
from recovery_api.simulator.phone_door import blueprint

__all__ = [
    "blueprint",
    "phone_call_views",
    "phone_clock_views",
    "phone_network_views",
    "phone_text_views",
    "phone_views",
]

"""The protocol in force: the shipped pack."""

from functools import cache

from recovery_api.domain.protocol import Protocol, read_protocol
from recovery_api.domain.schedule import scheduled_days
from recovery_api.packs import load_yaml

SHIPPED = "protocols/vertebroplasty.yaml"


@cache
def protocol_pack() -> Protocol:
    """The shipped protocol, read once. Raises PackError naming the file, the step and the reason."""
    return read_protocol(load_yaml(SHIPPED), SHIPPED)


@cache
def check_in_days() -> frozenset[int]:
    """The days since the procedure on which the shipped protocol asks for a check-in."""
    return scheduled_days(protocol_pack())

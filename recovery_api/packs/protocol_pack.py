"""The protocol in force: the shipped pack."""

from functools import cache

from recovery_api.domain.protocol import Protocol, read_protocol
from recovery_api.packs import load_yaml

SHIPPED = "protocols/vertebroplasty.yaml"


@cache
def protocol_pack() -> Protocol:
    """The shipped protocol, read once. Raises PackError naming the file, the step and the reason."""
    return read_protocol(load_yaml(SHIPPED), SHIPPED)

"""The address of a caller, as far as it can be trusted."""

from flask import request


def caller_address(hops: int) -> str:
    """Of as many entries as we have proxies the one that the outermost of them wrote; without proxies the socket's."""
    told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    return told[-hops] if 0 < hops <= len(told) else request.remote_addr or ""

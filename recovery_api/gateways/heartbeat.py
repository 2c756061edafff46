"""The heartbeat to a monitor outside, which raises the alarm when it stops."""

import requests

SECONDS = 5


def send_heartbeat(url: str) -> bool:
    """Ask for the address once, by GET, or by POST where it wants that; whether it answered well. Raises nothing."""
    try:
        answer = requests.get(url, timeout=SECONDS, allow_redirects=True)
        if answer.status_code == requests.codes.method_not_allowed:
            answer = requests.post(url, timeout=SECONDS, allow_redirects=False)
    except requests.RequestException:
        return False
    return bool(answer.ok)

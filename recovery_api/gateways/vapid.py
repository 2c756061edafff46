"""The key by which push services know us: VAPID, RFC 8292, with ES256."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from recovery_api.config import Settings, SettingsRefused

LIVES = timedelta(hours=12)  # the RFC allows a day
_HOW = "make one: openssl ecparam -name prime256v1 -genkey -noout -out vapid.pem"


@dataclass(frozen=True, repr=False, slots=True)
class VapidKey:
    """A private key on P-256."""

    private: EllipticCurvePrivateKey

    @classmethod
    def from_pem(cls, pem: bytes) -> "VapidKey":
        """The key in a PEM file. Raises SettingsRefused where it is none, or of another kind."""
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise SettingsRefused(f"VAPID_KEY_FILE: there is no private key in PEM form in it; {_HOW}") from None
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise SettingsRefused(f"VAPID_KEY_FILE: the key is not on the curve P-256; {_HOW}")
        return cls(key)

    @property
    def public(self) -> str:
        """What a browser subscribes with: the uncompressed point, base64url."""
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).decode().rstrip("=")

    def authorization(self, endpoint: str, contact: str, now: datetime) -> str:
        """The header for one push service; `contact` is an address at which its operator reaches us."""
        parts = urlsplit(endpoint)
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int((now + LIVES).timestamp()), "sub": contact}
        return f"vapid t={jwt.encode(claims, self.private, algorithm='ES256')}, k={self.public}"


def vapid_key(settings: Settings) -> VapidKey | None:
    """The key that the settings name; None where they name none. Raises SettingsRefused where it is unfit."""
    pem = settings.vapid_pem()
    return VapidKey.from_pem(pem) if pem is not None else None

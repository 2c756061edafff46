"""Sealing at rest: AES-256-GCM under a key per clinic, each value bound to its table, column, clinic and row."""

import base64
import hashlib
import hmac
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FORMAT = b"\x01"
_NONCE_BYTES = 12


class SealBroken(Exception):
    """A sealed value does not open: wrong key, or it was moved from another row, column or clinic."""


class ClinicVault:
    """Seals and opens the values of one clinic, and finds phones by a keyed digest."""

    def __init__(self, clinic_id: UUID, clinic_key: bytes) -> None:
        self.clinic_id = clinic_id
        self._cipher = AESGCM(_derive(clinic_key, b"seal"))
        self._digest_key = _derive(clinic_key, b"digest")
        self._clinic = clinic_id.hex

    def seal(self, place: str, row_id: UUID, text: str) -> bytes:
        """`text` sealed for one place, written `table.column`, of one row."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, text.encode(), self._bound_to(place, row_id))

    def open(self, place: str, row_id: UUID, sealed: bytes) -> str:
        """The text again. Raises SealBroken where the value was not sealed for this place and row."""
        sealed = bytes(sealed)
        if sealed[:1] != _FORMAT:
            raise SealBroken(place)
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, self._bound_to(place, row_id)).decode()
        except (InvalidTag, ValueError):
            raise SealBroken(place) from None

    def digest(self, kind: str, text: str) -> bytes:
        """A keyed digest by which an equal value is found, without telling what it is."""
        return hmac.digest(self._digest_key, f"{kind}|{text}".encode(), hashlib.sha256)

    def _bound_to(self, place: str, row_id: UUID) -> bytes:
        return f"{place}|{self._clinic}|{row_id.hex}".encode()


class DataKey:
    """The key that wraps every clinic's key; it never touches a clinic's data itself."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(_derive(key, b"wrap"))
        self._login_key = _derive(key, b"login")
        self._successor_key = _derive(key, b"successor")
        self._answer_key = _derive(key, b"answer")

    def new_clinic_key(self, clinic_id: UUID) -> bytes:
        """A fresh clinic key, wrapped, ready to be stored."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, os.urandom(32), clinic_id.bytes)

    def vault(self, clinic_id: UUID, wrapped: bytes) -> ClinicVault:
        """The vault of one clinic. Raises SealBroken where the data key is not the one that wrapped it."""
        wrapped = bytes(wrapped)
        nonce, body = wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :]
        try:
            return ClinicVault(clinic_id, self._cipher.decrypt(nonce, body, clinic_id.bytes))
        except (InvalidTag, ValueError):
            raise SealBroken("clinic.wrapped_key") from None

    def successor(self, secret: str, kind: str) -> str:
        """The secret that follows another one: always the same, and known to nobody without this key."""
        digest = hmac.digest(self._successor_key, f"{kind}|{secret}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def otp_digest(self, challenge: str, otp: str) -> bytes:
        """By which a texted code is known again; without this key a million guesses tell nothing."""
        return hmac.digest(self._login_key, f"otp|{challenge}|{otp}".encode(), hashlib.sha256)

    def answer_digest(self, kind: str, said: str) -> bytes:
        """By which a key, or a write that needed no token, is known again before its clinic is known."""
        return hmac.digest(self._answer_key, f"{kind}|{said}".encode(), hashlib.sha256)

    def seal_answer(self, said: str, answer: str) -> bytes:
        """The answer to such a write, sealed so that nobody opens it who does not know what was said."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._answer_cipher(said).encrypt(nonce, answer.encode(), None)

    def open_answer(self, said: str, sealed: bytes) -> str:
        """The answer again. Raises SealBroken where something else was said, or this is another key."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._answer_cipher(said).decrypt(nonce, body, None).decode()
        except (InvalidTag, ValueError):
            raise SealBroken("open_answer.answer") from None

    def _answer_cipher(self, said: str) -> AESGCM:
        return AESGCM(self.answer_digest("seal", said))

    def login_digest(self, email: str) -> bytes:
        """By which a log-in name is found before its clinic is known."""
        return hmac.digest(self._login_key, email.strip().casefold().encode(), hashlib.sha256)


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"recovery-api/" + purpose).derive(key)

"""The ceremonies of WebAuthn; their library is heavy and most processes never use it, so it is loaded by the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class NotProved(Exception):
    """An answer that proves nothing."""


@dataclass(frozen=True, slots=True)
class Site:
    """For whom passkeys are: the host that they are bound to, and the address at which the browser must be."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class MadePasskey:
    """A passkey that was just made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def options_to_make(site: Site, challenge: bytes, handle: bytes, name: str, known: Sequence[bytes]) -> str:
    """What a browser needs to make a passkey, as JSON: kept by the authenticator, opened by its holder."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name="Recovery",
        user_id=handle,
        user_name=name,
        challenge=challenge,
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=one) for one in known],
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
    )
    return webauthn.options_to_json(options)


def options_to_prove(site: Site, challenge: bytes) -> str:
    """What a browser needs to offer a passkey, as JSON; it names nobody."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=site.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return webauthn.options_to_json(options)


def verify_made(site: Site, challenge: bytes, credential: dict[str, Any]) -> MadePasskey:
    """The passkey of an answer. Raises NotProved."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        made = webauthn.verify_registration_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=site.host,
            expected_origin=site.origin, require_user_verification=True,
        )  # fmt: skip
    except WebAuthnException as error:
        raise NotProved from error
    return MadePasskey(made.credential_id, made.credential_public_key, made.sign_count)


def verify_used(site: Site, challenge: bytes, credential: dict[str, Any], public_key: bytes, sign_count: int) -> int:
    """How often the passkey of an answer has signed by now. Raises NotProved."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        proved = webauthn.verify_authentication_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=site.host,
            expected_origin=site.origin, credential_public_key=public_key,
            credential_current_sign_count=sign_count, require_user_verification=True,
        )  # fmt: skip
    except WebAuthnException as error:
        raise NotProved from error
    return proved.new_sign_count

"""Read a phone number as people write it into E.164."""

import phonenumbers

from recovery_api.domain.errors import Invalid


def read_phone(raw: str, field: str = "phone", region: str = "US") -> str:
    """The number in E.164. Raises Invalid where it is none; letters are not digits here."""
    if any(character.isalpha() for character in raw.replace("tel:", "").replace("ext", "")):
        raise Invalid("is not a phone number", field=field)
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        raise Invalid("is not a phone number", field=field) from None
    if not phonenumbers.is_valid_number(number):
        raise Invalid("is not a phone number", field=field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

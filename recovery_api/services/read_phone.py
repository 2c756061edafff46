"""Read a phone number as people write it into E.164, and tell what its range is given out for."""

from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberType

from recovery_api.domain.errors import Invalid

LONGEST_EMERGENCY = 6  # digits


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


class PhoneKind(StrEnum):
    """What the range of a number is given out for; in North America mobiles and landlines share their ranges."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    EITHER = "either"
    NO_PERSON = "no_person"


_KINDS = {
    PhoneNumberType.MOBILE: PhoneKind.MOBILE,
    PhoneNumberType.FIXED_LINE: PhoneKind.LANDLINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: PhoneKind.EITHER,
    PhoneNumberType.VOIP: PhoneKind.EITHER,
    PhoneNumberType.PERSONAL_NUMBER: PhoneKind.EITHER,
    PhoneNumberType.UNKNOWN: PhoneKind.EITHER,
}


def kind_of(number: str) -> PhoneKind:
    """The kind of an E.164 number; toll-free, premium and service numbers are no person's."""
    return _KINDS.get(phonenumbers.number_type(phonenumbers.parse(number)), PhoneKind.NO_PERSON)


def is_emergency_number(said: str) -> bool:
    """Whether a text is a number that is dialled in an emergency, such as 911 or 112."""
    return 2 <= len(said) <= LONGEST_EMERGENCY and said.isascii() and said.isdigit()


def is_whole_number(said: str) -> bool:
    """Whether a text is a number that any phone of the world can dial (E.164), without asking any country's plan."""
    digits = said.removeprefix("+")
    return said != digits and 7 <= len(digits) <= 15 and digits.isascii() and digits.isdigit() and digits[0] != "0"

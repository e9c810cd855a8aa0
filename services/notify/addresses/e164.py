"""Phone numbers in their one form, +12135550147 (ITU-T E.164): the one door to phonenumbers."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

LONGEST = 40  # code points that are looked at
MAY_BE_MOBILE = (  # of North America, among others, no table tells which are
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
)


def e164(typed: str) -> str | None:
    """Return the one form of a number that a text message can be sent to; None: it is none.

    It begins with a plus and its country: from where it is typed says nothing of whose it is.
    """
    try:
        number = phonenumbers.parse(typed[:LONGEST])
    except NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    if phonenumbers.number_type(number) not in MAY_BE_MOBILE:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)

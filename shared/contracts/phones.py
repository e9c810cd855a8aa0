"""The one comparison of phone numbers: by their digits, without the country code. Pure."""

import unicodedata

LONGEST = 100  # code points that are looked at
COUNTRY_CODE = 3  # digits at most (ITU-T E.164)
SHORTEST = 6  # digits that tell one phone from another


def same_phone(one: str, other: str) -> bool:
    """Whether two are one phone, with or without country code, trunk zero and what parts digits.

    What has fewer than six digits is no phone, and matches nothing.
    """
    shorter, longer = sorted((national(one), national(other)), key=len)
    return (
        len(shorter) >= SHORTEST
        and len(longer) - len(shorter) <= COUNTRY_CODE
        and longer.endswith(shorter)
    )


def national(typed: str) -> str:
    """Its digits, of whatever script, without the zeros that are dialled before them."""
    plain = unicodedata.normalize("NFKC", typed[:LONGEST])
    digits = "".join(str(unicodedata.decimal(sign)) for sign in plain if sign.isdecimal())
    return digits.lstrip("0")

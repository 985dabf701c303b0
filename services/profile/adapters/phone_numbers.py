"""Telephone numbers by the phonenumbers library (libphonenumber's metadata)."""

from __future__ import annotations

import phonenumbers


def read_e164(text: str, region: str | None) -> str | None:
    """E.164 of a number as people write it; one without a country code is read as dialled in `region` (ISO 3166).

    None when it is no number that could be in use, for such a number knows nobody.
    """
    if len(text) > 40:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    spelled: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return spelled

"""Ages: from when on a patient may have an account of her own (EN-8). Pure."""

from datetime import date


def age(birth_date: date, today: date) -> int:
    """Whole years on that day; who was born on 29 February is a year older on 1 March."""
    before_birthday = (today.month, today.day) < (birth_date.month, birth_date.day)
    return today.year - birth_date.year - before_birthday

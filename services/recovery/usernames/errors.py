"""What is refused of what is typed here, whoever typed it."""

from shared.errors import Invalid


class PersonIncomplete(Invalid):
    """A last name without a date of birth finds nobody, nor the other way round (RC-2)."""

    title = "Last name and date of birth belong together"
    hint = "Give both, or neither for an account e-mail."

"""How far a long piece of work is: told by who does it, shown by who asked for it."""


class Progress:
    """Takes what a piece of work tells of itself, and shows it to nobody."""

    def begin(self, total: int) -> None:
        """Expect so much in all."""

    def add(self, count: int) -> None:
        """So much more of it is done."""

    def note(self, text: str) -> None:
        """Something that whoever waits should know, such as what it waits for."""

"""What a phone may answer that means something, in both languages. Pure."""

from enum import StrEnum


class Word(StrEnum):
    """What is done."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


WORDS = {
    **dict.fromkeys(
        (
            *("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"),
            *("alto", "baja", "cancelar", "parar"),
        ),
        Word.STOP,
    ),
    **dict.fromkeys(("start", "unstop", "yes", "alta", "empezar", "iniciar"), Word.START),
    **dict.fromkeys(("help", "info", "ayuda"), Word.HELP),
}


def word_of(body: str) -> Word | None:
    """Read an answer that is one of these words and no more, as providers do."""
    return WORDS.get(body.strip().strip(".!¡").casefold())

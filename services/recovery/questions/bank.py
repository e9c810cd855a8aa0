"""The bank that five questions are chosen from, and which two of them are asked. Pure (RC-8, RC-4).

Facts that stay as they are, that have many answers, and that nobody looks up in a patient record.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import combinations
from math import gcd
from types import MappingProxyType

from shared.contracts.languages import Language

FIVE = 5
ASKED = 2

EN, ES = Language.ENGLISH, Language.SPANISH

BANK: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "first-pet": {
            EN: "What was the name of your first pet?",
            ES: "¿Cómo se llamaba su primera mascota?",
        },
        "childhood-nickname": {
            EN: "What nickname did you have as a child?",
            ES: "¿Qué apodo tenía en su infancia?",
        },
        "childhood-street": {
            EN: "On which street did you live when you were ten?",
            ES: "¿En qué calle vivía cuando tenía diez años?",
        },
        "childhood-friend": {
            EN: "What was the first name of your closest friend in primary school?",
            ES: "¿Cuál era el nombre de pila de su mejor amistad de la escuela primaria?",
        },
        "favorite-teacher": {
            EN: "What was the last name of the teacher you liked best?",
            ES: "¿Cuál era el apellido del docente o de la docente que más le gustó?",
        },
        "first-job": {
            EN: "In which town was your first job?",
            ES: "¿En qué ciudad fue su primer trabajo?",
        },
        "first-concert": {
            EN: "Who played at the first concert you went to?",
            ES: "¿Quién tocaba en el primer concierto al que asistió?",
        },
        "first-film": {
            EN: "Which was the first film you saw in a cinema?",
            ES: "¿Cuál fue la primera película que vio en un cine?",
        },
        "first-flight": {
            EN: "Where did your first flight take you?",
            ES: "¿A dónde fue su primer viaje en avión?",
        },
        "first-vehicle": {
            EN: "Of which make was your first car, motorcycle or bicycle?",
            ES: "¿De qué marca fue su primer automóvil, moto o bicicleta?",
        },
        "first-dish": {
            EN: "Which was the first dish you learned to cook?",
            ES: "¿Cuál fue el primer plato que aprendió a cocinar?",
        },
        "childhood-dream": {
            EN: "As a child, what did you want to become?",
            ES: "Cuando era niño o niña, ¿qué quería ser de mayor?",
        },
        "childhood-toy": {
            EN: "What was your favorite toy called?",
            ES: "¿Cómo se llamaba su juguete favorito?",
        },
        "childhood-book": {
            EN: "Which book did you read most often as a child?",
            ES: "¿Qué libro leyó más veces en su infancia?",
        },
        "parents-met": {
            EN: "In which town did your parents meet?",
            ES: "¿En qué ciudad se conocieron sus padres?",
        },
        "oldest-cousin": {
            EN: "What is the first name of your oldest cousin?",
            ES: "¿Cuál es el nombre de pila de la persona mayor entre sus primos y primas?",
        },
    }
)
"""A code is for ever, since accounts keep it; a text may be worded better."""


def drawn(digest: bytes, among: Sequence[str], *, turn: int = 0) -> tuple[str, str]:
    """Draw two of the codes by a keyed digest: always the same ones in the same turn, and never
    those of the turn before.

    Nobody can tell them from those that were drawn for a name that nobody has.
    """
    pairs = list(combinations(sorted(among), 2))
    steps = [step for step in range(1, len(pairs)) if gcd(step, len(pairs)) == 1]
    number, start = divmod(int.from_bytes(digest, "big"), len(pairs))
    number, step = divmod(number, len(steps))
    first, second = pairs[(start + turn * steps[step]) % len(pairs)]
    return (second, first) if number % 2 else (first, second)


def drawn_of_nobody(digest: bytes, among: Iterable[str] = BANK) -> tuple[str, str]:
    """Draw two for a name that nobody has, as often any as any other.

    A question that joins the bank joins no account's five. So it changes what a name is asked that
    nobody has only where it is one of the two itself: were all drawn anew, a name that is asked
    what it was asked before would be somebody's.
    """
    ranked = sorted(among, key=lambda code: blake2b(code.encode(), key=digest).digest())
    return ranked[0], ranked[1]

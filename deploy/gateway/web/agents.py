"""What a browser calls itself, in words that people use; anybody may call herself anything.

A list that ages does no harm: what is not in it is shown as it was said.
"""

from collections.abc import Sequence

from deploy.gateway.web.languages import N_, Language

# In this order: a browser names those it wants to be taken for as well.
BROWSERS: Sequence[tuple[str, str]] = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS: Sequence[tuple[str, str]] = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
ON = N_("%(browser)s on %(system)s")
NAMELESS = N_("A device without a name")


def device_name(named: str | None, agent: str | None, language: Language) -> str:
    """What its holder tells a device from the others by, first of all."""
    if named is not None:
        return named
    return readable(agent, language) if agent else language.say(NAMELESS)


def readable(agent: str, language: Language) -> str:
    """Say which browser on which system this is; the whole of it where it is no known one."""
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    if browser is None or system is None:
        return agent
    return language.say(ON, browser=browser, system=system)


def _first(known: Sequence[tuple[str, str]], agent: str) -> str | None:
    return next((name for mark, name in known if mark in agent), None)

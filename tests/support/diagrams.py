"""The state diagrams of a service's README, arrow by arrow."""

import re
from importlib.resources import files

ARROW = re.compile(r"^ +(\[\*\]|\w+) --> (\[\*\]|\w+): ", re.MULTILINE)


def arrows(service: str, thing: str) -> set[tuple[str, str]]:
    """Those of one thing's diagram, but for how it begins."""
    text = (files(f"services.{service}") / "README.md").read_text()
    diagram = text.partition(f'state "{thing}"')[2].partition("}")[0]
    return {arrow for arrow in ARROW.findall(diagram) if arrow[0] != "[*]"}

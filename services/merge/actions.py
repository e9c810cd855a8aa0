"""What merge audits (AU-1)."""

from shared import audit


class Action(audit.Action):
    REQUEST = "merge.request"
    END = "merge.end"

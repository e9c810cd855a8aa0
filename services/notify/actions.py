"""What notify audits (AU-1)."""

from shared import audit


class Action(audit.Action):
    SUBMIT_COMMUNICATION = "communication.submitted"
    DECIDE_DELIVERY = "delivery.decided"

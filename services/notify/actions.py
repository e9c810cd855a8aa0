"""What notify audits (AU-1)."""

from shared.audit import entries


class Action(entries.Action):
    SUBMIT_COMMUNICATION = "communication.submitted"
    DECIDE_DELIVERY = "delivery.decided"
    BOUNCE_DELIVERY = "delivery.bounced"
    LIFT_SUPPRESSION = "suppression.lift"

"""What notify audits (AU-1)."""

from shared.audit import entries


class Action(entries.Action):
    SUBMIT_COMMUNICATION = "communication.submitted"
    SUBMIT_COMMUNICATIONS = "communications.submitted"
    ADD_ADDRESS = "address.added"
    VERIFY_ADDRESS = "address.verified"
    ADD_NUMBER = "number.added"
    VERIFY_NUMBER = "number.verified"
    REMOVE_ADDRESS = "address.removed"
    RE_KEY_ADDRESSES = "address.re-key"
    CHOOSE_PREFERENCE = "preference.chosen"
    UNSUBSCRIBE = "preference.unsubscribed"
    TEST_SEND = "delivery.tested"
    LIST_DELIVERIES = "delivery.listed"
    RESEND_DELIVERY = "delivery.resent"
    DECIDE_DELIVERY = "delivery.decided"
    BOUNCE_DELIVERY = "delivery.bounced"
    DELIVER_DELIVERY = "delivery.delivered"
    FAIL_DELIVERY = "delivery.undelivered"
    TAKE_RECEIPT = "text.receipt"
    TAKE_ANSWER = "text.answer"
    STOP_NUMBER = "number.stopped"
    START_NUMBER = "number.started"
    LIFT_SUPPRESSION = "suppression.lift"

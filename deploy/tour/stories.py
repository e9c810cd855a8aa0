"""The stories, in the order they are played."""

from collections.abc import Awaitable, Callable

from deploy.tour.front_desk import correction, username_read
from deploy.tour.last_miles import returned_mail, text_message
from deploy.tour.not_me import freeze
from deploy.tour.one_account import (
    changed_credentials,
    enrolment,
    first_log_on,
    forgotten_password,
    forgotten_username,
    lock_out,
    log_off,
)
from deploy.tour.passkeys import passkey
from deploy.tour.person import Person
from deploy.tour.practices import (
    another_address,
    disclaimer,
    message_notice,
    on_the_bus,
    un_enrolment,
    unsubscribing,
)
from deploy.tour.questions import security_questions
from deploy.tour.stage import Stage
from deploy.tour.two_accounts import (
    duplicate_chart,
    merging,
    offered,
    reviewed,
    second_account,
)
from deploy.tour.two_step import second_step
from deploy.tour.validation import validation
from deploy.tour.ways_in import bulk, invitation, request, temporary_credentials

Story = Callable[[Stage, Person], Awaitable[None]]

STORIES: tuple[Story, ...] = (
    enrolment,
    first_log_on,
    forgotten_password,
    lock_out,
    forgotten_username,
    changed_credentials,
    on_the_bus,
    second_account,
    merging,
    duplicate_chart,
    message_notice,
    unsubscribing,
    another_address,
    text_message,
    returned_mail,
    second_step,
    passkey,
    un_enrolment,
    disclaimer,
    username_read,
    log_off,
    invitation,
    request,
    bulk,
    temporary_credentials,
    correction,
    validation,
    freeze,
    security_questions,
    reviewed,
    offered,  # lets three months pass
)
COMING_IN = STORIES[:2]  # after these she has an account, and can log on

"""What each code means to a person: its field, a sentence, what to do next; one piece, a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from deploy.gateway.web.languages import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A way on: where a link leads, and what it says."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one code means to a person. Without a field it stands in the summary alone."""

    text: str
    field: str | None = None
    step: Step | None = None
    told_more: str | None = None  # instead of `text`, where the service named what has a place here


PRACTICE = Step(path="/contact-your-practice", text=N_("Contact your practice"))
LOG_ON = Step(path="/log-on", text=N_("Log on"))
NEW_LINK = Step(path="/forgot-password", text=N_("Ask for a new link"))
BEGIN_AGAIN = Step(path="/forgot-password", text=N_("Begin again"))
WAYS = Step(path="/forgot-password/ways", text=N_("Other ways to a new password"))
TOKEN = Step(path="/enrol/token", text=N_("Check the token, the date of birth and the last name"))
HOME = Step(path="/home", text=N_("Go to your home page"))
PROVE = Step(path="/merge/other", text=N_("Give the other account's username and password again"))
MERGES = Step(path="/merge", text=N_("See your merges"))

TWO_STEP = Step(path="/settings/two-step", text=N_("See two-step verification"))
PASSKEYS = Step(path="/settings/passkeys", text=N_("See your passkeys"))

NOTIFICATIONS = N_("See your notifications")

LINK_DEAD = N_(
    "This link does not work. It may have expired or have been used, or a newer one was sent to "
    "you."
)
SEND_AGAIN = Message(text=N_("This did not work. Nothing was lost. Please send it once more."))
NEW_PROOF = Message(
    text=N_("This took too long, or was used before. Please begin again."), step=BEGIN_AGAIN
)

CODES: Mapping[str, Message] = MappingProxyType(
    {
        # ---- the gateway's own
        "forged": Message(
            text=N_(
                "Your browser sent this form in a way we could not check. Please send it once more."
            )
        ),
        "no_cookies": Message(
            text=N_(
                "Your browser does not keep cookies. Allow cookies for this site, then send the "
                "form once more."
            )
        ),
        "away": Message(
            text=N_("We are busy at the moment. Nothing was lost. Please try again shortly.")
        ),
        "email_link_invalid": Message(  # a `link_invalid` where an address was to be verified
            text=LINK_DEAD, step=Step(path="/settings/e-mail", text=NEW_LINK.text)
        ),
        "address_link_invalid": Message(  # the same of a notification address
            text=LINK_DEAD, step=Step(path="/settings/notifications", text=NOTIFICATIONS)
        ),
        "not_me_link_invalid": Message(  # the same of the link of a mail about a change
            text=N_(
                "This link does not work any more, or this is not your date of birth. Check the "
                "date. After three wrong ones the link is void: call your practice then."
            ),
            step=PRACTICE,
        ),
        # ---- coming in
        "invalid_credentials": Message(
            text=N_(
                "This username and password do not log you on. Check both and try again. After "
                "four wrong tries an account is locked for 20 minutes."
            )
        ),
        "account_merged": Message(
            text=N_(
                "This account was merged into another one of yours. Log on with the username of "
                "the account that stayed."
            ),
            told_more=N_(
                "This account was merged into another one of yours. Log on with the username of "
                "the account that stayed: %(username)s."
            ),
        ),
        # ---- passkeys
        "passkey_invalid": Message(
            field="password",
            text=N_(
                "This passkey was not taken. Check that it is one of this account, and that what "
                "you have typed is yours; or go on another way."
            ),
        ),
        "passkey_unknown": Message(
            text=N_(
                "No account has this passkey any more. Remove it from your device, and log on with "
                "another one or with your password."
            )
        ),
        "ceremony_over": Message(
            field="password",
            text=N_("This took too long, or was sent before. Please use the passkey once more."),
        ),
        "passkeys_not_offered": Message(
            text=N_("This portal takes no passkeys at the moment. Go on another way.")
        ),
        "no_passkeys": Message(
            text=N_("Your account has no passkey that can be used here. Go on another way.")
        ),
        "passkey_limit": Message(
            text=N_("You have ten passkeys. Remove one that you do not need."), step=PASSKEYS
        ),
        "passkey_name_taken": Message(
            field="name", text=N_("Another of your passkeys has this name. Take another one.")
        ),
        "passkey_registered": Message(
            text=N_("This passkey was registered before. Make another one."), step=PASSKEYS
        ),
        "refresh_invalid": Message(text=N_("Your session has ended."), step=LOG_ON),
        "unauthenticated": Message(text=N_("Your session has ended."), step=LOG_ON),
        "token_stale": Message(text=N_("Your session has ended."), step=LOG_ON),
        "forbidden_scope": Message(
            text=N_("Your account cannot do this at the moment."), step=PRACTICE
        ),
        "session_scope_missing": Message(
            text=N_(
                "Your account cannot do this at the moment: a step is still open, or no practice "
                "is in it any more."
            ),
            step=PRACTICE,
        ),
        # ---- gates
        "terms_declined": Message(
            text=N_("You have declined the terms. Log on again to read and accept them."),
            step=LOG_ON,
        ),
        "gate_closed": Message(
            text=N_("This step is done already, or another one comes first."), step=HOME
        ),
        "questions_unacceptable": Message(
            text=N_("Choose five different questions, and answer each of them differently.")
        ),
        "questions_not_five": Message(text=N_("Choose five questions.")),
        "question_unknown": Message(text=N_("Choose a question of the list.")),
        "question_doubled": Message(text=N_("You have chosen this question more than once.")),
        "answer_too_short": Message(text=N_("An answer must have at least three letters.")),
        "answer_too_long": Message(text=N_("An answer can have 100 letters at most.")),
        "answer_doubled": Message(text=N_("You have given this answer more than once.")),
        "answer_is_question": Message(text=N_("The question itself is no answer.")),
        "answer_is_username": Message(text=N_("Your username is no answer.")),
        "answers_refused": Message(
            text=N_(
                "These answers do not open the account. Check both and try again. After three "
                "wrong tries no answers are taken for 20 minutes; after the fifth time, not until "
                "you have logged on again."
            ),
            step=WAYS,
        ),
        "second_step_failed": Message(
            text=N_(
                "This code was not taken. Wait for the next one in your app, or use a recovery "
                "code. After ten wrong codes none is taken for 20 minutes."
            ),
            field="code",
        ),
        "second_step_over": Message(
            text=N_("Five wrong codes were given. Please log on again."), step=LOG_ON
        ),
        "code_wrong": Message(
            text=N_(
                "This is not the code that the app shows now. Check that your phone sets its clock "
                "by itself, and type the code of this moment."
            ),
            field="code",
        ),
        "set_up_over": Message(
            text=N_("No app is being set up here any more. Please begin again."),
            step=TWO_STEP,
        ),
        "recovery_codes_unheard": Message(  # an `away` where new ones were to be made
            text=N_(
                "We are busy at the moment, and do not know whether new codes were made. If they "
                "were, those before open nothing any more. Please make new ones shortly."
            )
        ),
        "two_step_off": Message(text=N_("Two-step verification is off.")),
        "two_step_on": Message(text=N_("Two-step verification is on already."), step=TWO_STEP),
        "two_step_needs_means": Message(
            text=N_(
                "Two-step verification needs a passkey or an authenticator app. Make another "
                "passkey, set up an app, or turn two-step verification off first."
            ),
            step=TWO_STEP,
        ),
        "code_required": Message(
            text=N_("Give a code of your app, or a recovery code."), field="code"
        ),
        "gate_not_offered": Message(text=N_("This step cannot be skipped."), step=HOME),
        "password_too_short_alone": Message(  # a `password_unacceptable`: two-step off
            field="password",
            text=N_(
                "Without two-step verification your password must be longer. Change it first, then "
                "turn two-step verification off."
            ),
            told_more=N_(
                "Without two-step verification your password must have at least %(minimum)s "
                "characters. Change it first, then turn two-step verification off."
            ),
            step=Step(path="/settings/password", text=N_("Change your password")),
        ),
        "disclaimer_changed": Message(
            text=N_("This text has changed. Please read it and answer again.")
        ),
        # ---- enrolment
        "terms_required": Message(
            text=N_("The terms have changed. Please read and accept them again."),
            step=Step(path="/enrol/terms", text=N_("Read the terms")),
        ),
        "token_invalid": Message(
            text=N_(
                "The token, the date of birth and the last name do not fit together, or the token "
                "has expired. If they are right, ask your practice for a new token."
            ),
            step=TOKEN,
        ),
        "person_incomplete": Message(
            text=N_("Last name and date of birth belong together. Type both, or neither.")
        ),
        "birth_date_impossible": Message(
            field="birth_date", text=N_("This is no date there is. Check day, month and year.")
        ),
        "reset_token_invalid": Message(
            text=N_(
                "This username and code do not fit together. Check both. The code may have expired "
                "or have been used, or a newer one or five wrong tries made it void: then ask your "
                "practice for a new one."
            ),
            step=PRACTICE,
        ),
        "invitation_invalid": Message(
            text=N_(
                "The invitation and what you typed do not fit together, or the invitation has "
                "expired or was used. If they are right, ask your practice for a new one."
            ),
            step=PRACTICE,
        ),
        "temporary_credential_invalid": Message(
            text=N_(
                "This temporary username and password do not fit together, have expired or were "
                "used. If you have an account already, log on with your own."
            ),
            step=LOG_ON,
        ),
        "age_not_allowed": Message(
            text=N_(
                "The practice does not let patients of this age have an account of their own yet."
            ),
            step=PRACTICE,
        ),
        "already_enrolled": Message(
            text=N_("This practice is in that account already. There is nothing to add."),
            step=LOG_ON,
        ),
        "person_mismatch": Message(
            text=N_(
                "The practice has a different name or date of birth than this account. The token "
                "is still good: ask the practice to check both."
            ),
            step=PRACTICE,
        ),
        "username_too_short": Message(
            field="username", text=N_("This username is too short. Take at least 6 characters.")
        ),
        "username_too_long": Message(
            field="username", text=N_("This username is too long. Take at most 50 characters.")
        ),
        "username_has_whitespace": Message(
            field="username", text=N_("A username has no blanks inside. Leave them out.")
        ),
        "username_not_printable": Message(
            field="username",
            text=N_("This username has a character that cannot be seen. Type it anew."),
        ),
        "username_is_an_address": Message(
            field="username",
            text=N_(
                "An e-mail address cannot be your username. Take a name without @. Once your "
                "e-mail address is verified, you can log on with it as well."
            ),
        ),
        "username_taken": Message(
            field="username", text=N_("Somebody has this username already. Take another one.")
        ),
        "password_unacceptable": Message(
            field="password", text=N_("This password does not meet every rule below.")
        ),
        "email_malformed": Message(
            field="email",
            text=N_("This is not an e-mail address. Check it, as in name@example.com."),
            step=Step(path="/enrol/e-mail", text=N_("Use another address")),
        ),
        # ---- account e-mail
        "email_verified": Message(
            field="email",
            text=N_("This is your account e-mail already. Type the one that is to take its place."),
        ),
        "address_no_username": Message(
            field="email",
            text=N_(
                "Your username is your e-mail address, and this one is too short or too long for "
                "one. Change your username first."
            ),
            step=Step(path="/settings/username", text=N_("Change your username")),
        ),
        # ---- language and time zone
        "locale_not_offered": Message(
            field="language", text=N_("The portal does not speak this language yet.")
        ),
        "time_zone_unknown": Message(
            field="time_zone", text=N_("There is no time zone of this name.")
        ),
        "email_unavailable": Message(
            text=N_(
                "Another account has verified this e-mail address. Use another address, or log on "
                "to the account that has it."
            ),
            step=Step(path="/settings/e-mail", text=N_("Use another address")),
        ),
        # ---- notifications
        "address_malformed": Message(
            field="email",
            text=N_("This is not an e-mail address. Check it, as in name@example.com."),
        ),
        "address_known": Message(
            field="email",
            text=N_("This address is one of yours already. You can choose it for a practice."),
        ),
        "address_limit": Message(
            text=N_("You have five addresses. Remove one that you do not need."),
            step=Step(path="/settings/notifications", text=NOTIFICATIONS),
        ),
        "number_malformed": Message(
            field="number",
            text=N_(
                "This is not a mobile number. Write it with a plus and its country code, like "
                "+1 213 555 0147."
            ),
        ),
        "number_known": Message(  # an `address_known` where a number was to be added
            field="number",
            text=N_("This number is one of yours already. You can choose it for a practice."),
        ),
        "number_limit": Message(  # likewise
            text=N_("You have three numbers. Remove one that you do not need."),
            step=Step(path="/settings/notifications", text=NOTIFICATIONS),
        ),
        "texts_not_offered": Message(
            text=N_("This portal sends no text messages. Choose another way."),
            step=Step(path="/settings/notifications", text=NOTIFICATIONS),
        ),
        "code_invalid": Message(
            field="code",
            text=N_("This code is not right, or not any more. Type the newest one."),
            step=Step(path="/settings/notifications/numbers", text=N_("Have another code sent")),
        ),
        "address_in_use": Message(
            text=N_("A practice writes to this address. Choose another way for it first."),
            step=Step(path="/settings/notifications", text=NOTIFICATIONS),
        ),
        "address_unverified": Message(
            text=N_("This address is not verified, or is yours no longer. Choose another one."),
        ),
        "channel_not_offered": Message(
            text=N_("This practice does not offer this any more. Choose another way."),
        ),
        "order_contradictory": Message(
            text=N_("These ways do not go together. Choose another one."),
        ),
        "reauthentication_required": Message(
            field="password", text=N_("Type your password to go on.")
        ),
        "reauthentication_failed": Message(
            field="password",
            text=N_(
                "This is not the password of your account. Check it and try again. After four "
                "wrong tries an account is locked for 20 minutes."
            ),
        ),
        "delivery_not_resendable": Message(
            text=N_("This cannot be sent again: it is under way, or another try does not mend it.")
        ),
        "unsubscribe_link_invalid": Message(text=N_("This link stops nothing")),
        "link_invalid": Message(text=LINK_DEAD, step=NEW_LINK),
        "validation_unavailable": Message(
            text=N_(
                "Your password cannot be set this way. This may be because what you typed is not "
                "what your practice has, or because it was tried too often today, or this way was "
                "used before. Contact your practice."
            ),
            step=PRACTICE,
        ),
        "answers_over": Message(  # an `already_issued`: what practices hand out is told as that
            text=N_(
                "Your answers were right, but the ten minutes in which a new password could be set "
                "by them are over. Answer these two questions to begin again."
            )
        ),
        "validation_over": Message(
            text=N_("This took too long, or was answered before. Please begin again."),
            step=BEGIN_AGAIN,
        ),
        # ---- a new password
        "grant_invalid": NEW_PROOF,
        "grant_wrong_act": NEW_PROOF,
        "grant_wrong_service": NEW_PROOF,
        "grant_wrong_account": NEW_PROOF,
        "grant_wrong_session": NEW_PROOF,
        "grant_used": Message(text=N_("This was used already to set a new password."), step=LOG_ON),
        "grant_superseded": Message(
            text=N_("Your account has changed since you asked for this. Please begin again."),
            step=BEGIN_AGAIN,
        ),
        "grant_exhausted": Message(
            text=N_("Five new passwords were refused. Please begin again."),
            step=BEGIN_AGAIN,
        ),
        # ---- merging
        "merge_proof_failed": Message(
            text=N_(
                "This username and password do not prove the other account. Check both and try "
                "again. After four wrong tries an account is locked for 20 minutes."
            )
        ),
        "merge_same_account": Message(
            text=N_(
                "This is the account you are logged on to. Give the username and the password of "
                "your other account."
            ),
            step=PROVE,
        ),
        "merge_needs_two_step": Message(
            text=N_(
                "The other account has two-step verification, and this one, which stays, has not. "
                "Set it up here first, then prove the other account again."
            ),
            step=Step(path="/settings/two-step", text=N_("Set up two-step verification")),
        ),
        "merge_confirmation_required": Message(
            field="confirm", text=N_("Tick the box to say that you know this cannot be undone.")
        ),
        "merge_in_progress": Message(
            text=N_("One of these accounts is being merged already. Wait until that has ended."),
            step=MERGES,
        ),
        "merge_proof_stale": Message(
            text=N_("One of the accounts has changed since you proved it. Please begin again."),
            step=PROVE,
        ),
        # ---- a practice's own system
        "patient_number_taken": Message(
            field="number", text=N_("Another patient of this practice has this number.")
        ),
        "requests_not_taken": Message(
            field="practice_id",
            text=N_("This practice takes no requests any more. Choose another one."),
        ),
        "request_not_pending": Message(
            text=N_("This request was answered before, or it has expired.")
        ),
        "merge_review_ended": Message(
            text=N_("This was approved or rejected before, or its time is over.")
        ),
        "merge_review_approved": Message(
            text=N_("Nothing is left for you to approve. It waits for the other practice.")
        ),
        "contact_unknown": Message(
            text=N_("The request has no such contact, or it has no e-mail address.")
        ),
        "birth_date_in_future": Message(
            field="birth_date", text=N_("This date of birth is in the future.")
        ),
        "name_incomparable": Message(
            field="last_name", text=N_("This name has nothing that names can be compared by.")
        ),
        "patient_changed": Message(
            text=N_(
                "This record has changed since you opened it. Begin with the record as it is now."
            )
        ),
        "settings_changed": Message(
            text=N_(
                "The settings have changed since you opened this page, and nothing of yours was "
                "saved. They are shown as they are now: make your change again."
            )
        ),
        "nothing_live": Message(
            text=N_("It was used, replaced or made void before, or has expired.")
        ),
        "patient_without_email": Message(
            text=N_("This patient has no valid e-mail address here. Issue a token instead.")
        ),
        "patient_without_proof": Message(
            text=N_(
                "This patient has neither a home phone nor a number here, so nothing could prove "
                "an invitation. Issue a token instead."
            )
        ),
        "patient_enrolled": Message(
            text=N_("This patient has an account. The patient can log on, or recover it.")
        ),
        "patient_not_enrolled": Message(
            text=N_(
                "This patient is not enrolled at the moment. Re-activate the patient first: then "
                "you can unlock the account, or reset two-step verification."
            )
        ),
        "chart_named_twice": Message(text=N_("A record was named twice. Choose once more.")),
        "charts_not_duplicate": Message(
            text=N_(
                "These records do not belong to one account any more, so there is nothing to "
                "settle."
            )
        ),
        "charts_settled": Message(
            text=N_(
                "These records were settled before. Un-enrol or re-activate a record on its own "
                "page where it is to be otherwise."
            )
        ),
        "kept_chart_unenrolled": Message(
            text=N_(
                "The record that stays is un-enrolled: the patient would lose the practice. "
                "Re-activate it first, or let the other one stay."
            )
        ),
        "already_issued": Message(
            text=N_("This was shown once already. Issue a new one: it replaces the one before it.")
        ),
        "account_frozen": Message(
            text=N_(
                "This account is frozen. Make sure who asks, and thaw it first; then issue a code."
            )
        ),
        "reset_token_limit": Message(
            text=N_(
                "This account was given enough codes today. The patient can use the newest one, or "
                "another way."
            )
        ),
        "no_live_reset_token": Message(
            text=N_(
                "No code of this practice's is good for this patient: it was used, replaced or "
                "made void before, or has expired."
            )
        ),
        "account_not_frozen": Message(
            text=N_("This account is not frozen, or somebody thawed it before.")
        ),
        "unlock_limit": Message(
            text=N_("This account was unlocked often enough today. A lock ends by itself.")
        ),
        "setting_out_of_range": Message(
            field="reset_link_minutes", text=N_("This is outside of what is allowed.")
        ),
        "reference_reused": SEND_AGAIN,
        "client_secret_wrong": Message(
            text=N_(
                "This desk does not have the newest secret of this system. Leave it, and sit down "
                "with the newest one."
            )
        ),
        "invalid_client": Message(text=N_("This client is not known, or its secret is wrong.")),
        "invalid_request": SEND_AGAIN,
        "invalid_scope": SEND_AGAIN,
        "invalid_target": SEND_AGAIN,
        "unsupported_grant_type": SEND_AGAIN,
        # ---- everywhere
        "not_found": Message(text=N_("There is nothing here any more."), step=HOME),
        "too_many_requests": Message(
            text=N_("There were too many tries. For your safety, please wait before the next one.")
        ),
        "client_budget": Message(
            text=N_(
                "This practice has done as much of this as it may in an hour. Nothing was done. "
                "Please try again later."
            )
        ),
        "catching_up": Message(
            text=N_("We are still catching up with your last change. Please try again shortly.")
        ),
        "unavailable": Message(
            text=N_("We are busy at the moment. Nothing was lost. Please try again shortly.")
        ),
        "request_timeout": Message(
            text=N_("This took too long. Nothing was lost. Please try again shortly.")
        ),
        "body_invalid": Message(text=N_("Something in this form does not fit. Check it, please.")),
        "idempotency_key_reused": Message(
            text=N_("This form was sent before with other contents. Please send it once more.")
        ),
        "idempotency_key_invalid": SEND_AGAIN,
        "malformed_request": SEND_AGAIN,
        "malformed_json": SEND_AGAIN,
        "header_repeated": SEND_AGAIN,
        "expectation_failed": SEND_AGAIN,
        "body_too_large": SEND_AGAIN,
        "content_type_unsupported": SEND_AGAIN,
        "internal_error": SEND_AGAIN,
    }
)

FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "field_missing": N_("This is needed."),
        "field_too_long": N_("This is too long."),
        "date_impossible": N_("This is no date there is. Check day, month and year."),
        "passwords_differ": N_("The two passwords differ. Type the new password twice."),
    }
)
MISSING: Mapping[str, str] = MappingProxyType(
    {
        **{f"question{place}": N_("Choose a question.") for place in range(1, 6)},
        **{f"answer{place}": N_("Type an answer.") for place in range(1, 6)},
        "username": N_("Type your username."),
        "password": N_("Type your password."),
        "again": N_("Type the new password a second time."),
        "email": N_("Type your e-mail address."),
        "number": N_("Type your mobile number."),
        "name": N_("Type a name."),
        "code": N_("Type the code."),
        "token": N_("Type the token from your practice."),
        "link": N_("Paste the whole link from the mail."),
        "last_name": N_("Type your last name."),
        "first_name": N_("Type your first name."),
        "birth_date": N_("Type your date of birth."),
        "home_phone": N_("Type your home phone number."),
        "address": N_("Choose an address, or none of these."),
        "confirm": N_("Tick the box to go on."),
    }
)

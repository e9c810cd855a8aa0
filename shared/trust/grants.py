"""Grants: authority carried by the client, a signed JWT of at most 10 minutes, spent once.

One piece: who may issue what, and how it is signed, checked and spent, are read together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from shared.contracts.ids import AccountId, SessionId
from shared.contracts.keys import KeyPurpose
from shared.db import Connection
from shared.errors import BadRequest
from shared.trust import ciphers, signed
from shared.trust.keys import good_for
from shared.trust.own_keys import OwnKeys
from shared.trust.public_keys import PublicKeys

TYPE = "portico-grant+jwt"
LONGEST = timedelta(minutes=10)
LATE = timedelta(hours=72)  # longer than any broker is away that a merge has to outlive


class GrantAct(StrEnum):
    """What a grant allows its bearer to have done."""

    PASSWORD_SET = "password.set"  # noqa: S105 - an act, not a password
    ACCOUNT_OWNED = "account.owned"  #: MG-1: the other account's name and password were given
    REAUTHENTICATED = "reauthenticated"  #: SE-3: the holder of the session is still there
    QUESTIONS_SET = "questions.set"  #: RC-8: a receipt, for identity to know it at once
    ENROLMENT = "enrolment"  #: EN-1: a practice's secret was proven by the person it is for


class Verb(StrEnum):
    """The one verb that a re-authentication is good for (SE-3)."""

    EMAIL = "email"  #: ID-6: claim an account e-mail
    MERGE = "merge"
    NOTIFICATION_ADDRESS = "notification-address"  #: NT-2: add or remove one
    PASSKEYS = "passkeys"  #: MF-5, MF-9: make or remove one
    PASSWORD = "password"  # noqa: S105 - ID-7: set another password
    PRACTICE = "practice"  #: EN-5: add a practice to the account
    QUESTIONS = "questions"  #: RC-8: set other security questions
    RECOVERY_CODES = "recovery-codes"  #: MF-4: make new ones
    TWO_STEP = "two-step"  #: MF-1: set an app up
    TWO_STEP_OFF = "two-step-off"  #: MF-4: turn it off; the password is judged with it (ID-3)
    USERNAME = "username"  #: ID-2: take another username


MAY_ISSUE: Mapping[GrantAct, frozenset[str]] = MappingProxyType(
    {
        GrantAct.PASSWORD_SET: frozenset({"recovery"}),
        GrantAct.QUESTIONS_SET: frozenset({"recovery"}),
        GrantAct.ACCOUNT_OWNED: frozenset({"identity"}),
        GrantAct.REAUTHENTICATED: frozenset({"identity"}),
        GrantAct.ENROLMENT: frozenset({"identity"}),
    }
)
"""Which services' signature is worth anything for which act."""


ISSUERS = frozenset[str]().union(*MAY_ISSUE.values())


class GrantInvalid(BadRequest):
    """Not one of ours, or expired."""

    title = "This grant is not valid, or not any more"
    hint = "Redeem the link again, or ask for a new one."


class GrantWrongAct(GrantInvalid):
    """One of ours, for another act, or for another verb of that act."""

    title = "This grant is for something else"
    hint = "Bring it to the verb it was given for, or prove again for this one."


class GrantWrongService(GrantInvalid):
    """One of ours, for another service to redeem."""

    title = "This grant is for another service"
    hint = "Bring it to the service it was given for."


class GrantWrongAccount(GrantInvalid):
    """One of ours, about another account than the caller's. Redeemers compare."""

    title = "This grant is about another account"
    hint = "Prove again for the account that is meant."


class GrantWrongSession(GrantInvalid):
    """One of ours, proven in another session than the one that brings it. Redeemers compare."""

    title = "This proof was given in another session"
    hint = "Give the password again in the session that brings the grant."


class GrantUsed(BadRequest):
    """Its `jti` was spent before."""

    title = "This grant was used before"
    hint = "Log on, or ask for a new link."


class GrantSuperseded(BadRequest):
    """The account's credentials changed since the proof began: begin again. Nothing is used up."""

    title = "The account's credentials have changed since"
    hint = "Nothing was used up; ask for a new link."


CONFIRMATION_CHECKED = (
    GrantInvalid,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongAccount,
    GrantWrongSession,
)
"""What `GrantChecker.confirmed` raises: of a verb that takes a re-authentication (SE-3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A checked grant. `jti` is the proof's id, `security_version` the one known as it began."""

    jti: str
    issuer: str
    act: GrantAct
    subject: UUID  # the account; of an enrolment the patient record
    security_version: int
    route: str  # how it was proven: "link", "password", "invitation"
    expires_at: datetime
    verb: Verb | None = None  # SE-3: what a re-authentication is good for
    account_version: int = 0  # the account's aggregateversion as it was proven
    session_id: SessionId | None = None  # where it was proven: no other session may bring it

    @property
    def account_id(self) -> AccountId:
        """The account that it is about, where its act is about one."""
        return AccountId(self.subject)


class GrantClaims(signed.Claims, frozen=True, kw_only=True):
    """`sub` is the account, `sv` its security version as the proof began, `av` its version; of an
    enrolment it is the patient record, and both are 0. `sid` is the session in which somebody
    proved it, who need not be that account's.
    """

    act: GrantAct
    sv: int
    route: str
    verb: Verb | None = None
    av: int = 0
    sid: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantIssuer:
    """Signs with the newest usable signing key of this service."""

    issuer: str  # this service's, in full
    own_keys: OwnKeys

    async def issue(
        self,
        *,
        jti: str,
        act: GrantAct,
        audience: tuple[str, ...],
        subject: UUID,
        route: str,
        now: datetime,
        expires_at: datetime,
        security_version: int = 0,
        verb: Verb | None = None,
        account_version: int = 0,
        session_id: SessionId | None = None,
    ) -> str:
        """Sign a grant; its life is the shorter of `expires_at` and ten minutes."""
        if self.issuer.rpartition("/")[2] not in MAY_ISSUE[act]:
            raise ValueError(f"{self.issuer} may not issue {act}")
        key = await self.own_keys.current(KeyPurpose.SIGNING, now)
        claims = GrantClaims(
            iss=self.issuer,
            sub=str(subject),
            aud=audience,
            jti=jti,
            iat=signed.numeric_date(now),
            exp=signed.numeric_date(min(expires_at, now + LONGEST)),
            act=act,
            sv=security_version,
            route=route,
            verb=verb,
            av=account_version,
            sid=session_id,
        )
        return signed.sign(claims, typ=TYPE, kid=key.public.kid, key=key.signing)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantChecker:
    """Checks what another service has proven, and lets each proof through once."""

    issuer: str  # the prefix that all services share
    service: str  # the one that redeems here
    public_keys: PublicKeys

    async def check(
        self, token: str, *, act: GrantAct, now: datetime, verb: Verb | None = None
    ) -> Grant:
        """Check type, algorithm, key, issuer's right to this act, audience, times and verb.

        Raises GrantInvalid, by its leaves where one of ours was brought to the wrong place;
        CatchingUp where the key is unknown. Spends nothing.
        """
        return await self._checked(token, act=act, verb=verb, now=now, late=None)

    async def confirmed(
        self, token: str, verb: Verb, *, account_id: AccountId, session_id: SessionId, now: datetime
    ) -> Grant:
        """Check that the holder of this session has just proven to be there, for this verb (SE-3).

        Raises as `check`, and where it is about another account or of another session.
        """
        grant = await self.check(token, act=GrantAct.REAUTHENTICATED, verb=verb, now=now)
        if grant.account_id != account_id:
            raise GrantWrongAccount
        if grant.session_id != session_id:
            raise GrantWrongSession
        return grant

    async def check_again(
        self, token: str, *, act: GrantAct, now: datetime, verb: Verb | None = None
    ) -> Grant:
        """Check one that another service took in time: not its expiry, but its age.

        None is older than 72 h, nor signed by a key that had been retired by the time that it says
        it was: else whoever kept a proof, or an old key, could bring one for ever. Raises as
        `check`.
        """
        return await self._checked(token, act=act, verb=verb, now=now, late=LATE)

    async def _checked(
        self, token: str, *, act: GrantAct, verb: Verb | None, now: datetime, late: timedelta | None
    ) -> Grant:
        try:
            unverified = signed.inspect(token, typ=TYPE)
            self._require_issuer(unverified.issuer, act)
            key = await self.public_keys.find(unverified.issuer, unverified.kid)
            claims = signed.verify(
                token,
                GrantClaims,
                typ=TYPE,
                issuer=unverified.issuer,
                audiences=(f"{self.issuer}/{self.service}",),
                key=ciphers.verifying_key(key.raw),
                now=now,
                longest=LONGEST,
                late=late,
            )
            if not good_for(key, KeyPurpose.SIGNING, now if late is None else claims.issued_at):
                raise GrantInvalid
            if claims.act is not act or claims.verb is not verb:
                raise GrantWrongAct
            return self._grant(claims)
        except signed.SignedElsewhere as error:
            raise GrantWrongService from error
        except (signed.SignedInvalid, ValueError) as error:
            raise GrantInvalid from error

    def _require_issuer(self, issuer: str, act: GrantAct) -> None:
        """Before a key is looked for: whoever forges an issuer gets no wait."""
        prefix, _, service = issuer.rpartition("/")
        if prefix != self.issuer or service not in ISSUERS:
            raise GrantInvalid
        if service not in MAY_ISSUE[act]:
            raise GrantWrongAct

    async def spend(self, tx: Connection, grant: Grant, *, now: datetime) -> None:
        """Record the jti in the transaction of its effect. Raises GrantUsed for all but one.

        A racer waits here for the first one's commit; where that rolls back, it goes through.
        """
        if not await self.spend_once(
            tx, issuer=grant.issuer, jti=grant.jti, act=grant.act, now=now
        ):
            raise GrantUsed

    async def spend_once(
        self, tx: Connection, *, issuer: str, jti: str, act: GrantAct, now: datetime
    ) -> bool:
        """The same for what is also told by an event: False, where the other one came first."""
        spent = await tx.fetchval(
            "INSERT INTO spent_grants (issuer, jti, act, spent_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (issuer, jti) DO NOTHING RETURNING jti",
            issuer,
            jti,
            act,
            now,
        )
        return spent is not None

    def _grant(self, claims: GrantClaims) -> Grant:
        return Grant(
            jti=claims.jti,
            issuer=claims.iss,
            act=claims.act,
            subject=UUID(claims.sub),
            security_version=claims.sv,
            route=claims.route,
            expires_at=claims.expires_at,
            verb=claims.verb,
            account_version=claims.av,
            session_id=SessionId(claims.sid) if claims.sid else None,
        )

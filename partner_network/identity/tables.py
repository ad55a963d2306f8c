"""How Piccolo sees people, their sessions and keys.

What only compares (hashes of passwords, keys and tokens, the token of a form) is marked secret, so that no
page shows it.
"""

from piccolo.columns import JSONB, UUID, Array, BigInt, Bytea, ForeignKey, SmallInt, Text, Timestamptz
from piccolo.table import Table

from partner_network.brands.tables import Brand
from partner_network.database import connections


class Member(Table, tablename="members", db=connections.engine):
    """A person with an account."""

    id = UUID(primary_key=True, default=None)
    email = Text(unique=True, default=None)
    name = Text(default=None)
    password_hash = Text(default=None, secret=True)
    created_at = Timestamptz(default=None)
    language = Text(default=None, null=True)
    time_zone = Text(default="UTC")


class Membership(Table, tablename="memberships", db=connections.engine):
    """A role of a person at a brand, or at the operator when there is no brand."""

    id = UUID(primary_key=True, default=None)
    member_id = ForeignKey(Member, default=None, null=False)
    brand_id = ForeignKey(Brand, default=None)
    role = Text(default=None)
    created_at = Timestamptz(default=None)


class EndedMembership(Table, tablename="ended_memberships", db=connections.engine):
    """A role that a person had; kept by the database itself whenever one ends."""

    id = UUID(primary_key=True, default=None)
    member_id = ForeignKey(Member, default=None, null=False)
    brand_id = ForeignKey(Brand, default=None)
    role = Text(default=None)
    created_at = Timestamptz(default=None)
    ended_at = Timestamptz(default=None)


class Session(Table, tablename="sessions", db=connections.engine):
    """A signed-in browser or program."""

    token_hash = Bytea(primary_key=True, default=None, secret=True)
    id = UUID(default=None, unique=True)
    member_id = ForeignKey(Member, default=None, null=False)
    brand_id = ForeignKey(Brand, default=None)
    csrf_token = Text(default=None, secret=True)
    created_at = Timestamptz(default=None)
    last_seen_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    factor_given_at = Timestamptz(default=None, null=True)
    network_prefix = Text(default=None, null=True)
    user_agent = Text(default=None, null=True)
    factor_tries = SmallInt(default=0)


class SecondFactor(Table, tablename="second_factors", db=connections.engine):
    """What proves a person besides the password: an authenticator's key, or a passkey's public half."""

    id = UUID(primary_key=True, default=None)
    member_id = ForeignKey(Member, default=None, null=False)
    kind = Text(default=None)
    name = Text(default=None)
    sealed_key = Bytea(default=None, null=True, secret=True)
    last_step = BigInt(default=None, null=True)
    credential_id = Bytea(default=None, null=True, unique=True, secret=True)
    public_key = Bytea(default=None, null=True, secret=True)
    sign_count = BigInt(default=None, null=True)
    created_at = Timestamptz(default=None)
    confirmed_at = Timestamptz(default=None, null=True)
    last_used_at = Timestamptz(default=None, null=True)
    removed_at = Timestamptz(default=None, null=True)


class RecoveryCode(Table, tablename="recovery_codes", db=connections.engine):
    """A code for the day on which the authenticator is lost; it works once."""

    id = UUID(primary_key=True, default=None)
    member_id = ForeignKey(Member, default=None, null=False)
    code_hash = Bytea(default=None, secret=True)
    created_at = Timestamptz(default=None)
    used_at = Timestamptz(default=None, null=True)


class PendingSignIn(Table, tablename="pending_sign_ins", db=connections.engine):
    """A right password that waits for the second factor."""

    token_hash = Bytea(primary_key=True, default=None, secret=True)
    member_id = ForeignKey(Member, default=None, null=False)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    tries = SmallInt(default=0)


class PasskeyChallenge(Table, tablename="passkey_challenges", db=connections.engine):
    """What a passkey is asked to sign, once, by whoever holds the session that asked."""

    challenge = Bytea(primary_key=True, default=None, secret=True)
    holder_hash = Bytea(default=None, secret=True)
    expires_at = Timestamptz(default=None)


class RateLimit(Table, tablename="rate_limits", db=connections.engine):
    """How full the bucket of somebody's requests is, told as the time by which it has leaked out."""

    key = Bytea(primary_key=True, default=None)
    empty_at = Timestamptz(default=None)


class ApiKey(Table, tablename="api_keys", db=connections.engine):
    """What a brand's machine shows."""

    id = UUID(primary_key=True, default=None)
    brand_id = ForeignKey(Brand, default=None, null=False)
    name = Text(default=None)
    prefix = Text(default=None)
    key_hash = Bytea(default=None, secret=True)
    scopes = Array(base_column=Text(), default=list)
    created_at = Timestamptz(default=None)
    created_by = ForeignKey(Member, default=None)
    expires_at = Timestamptz(default=None, null=True)
    replaced_by = UUID(default=None, null=True, unique=True)
    revoked_at = Timestamptz(default=None, null=True)
    last_used_at = Timestamptz(default=None, null=True)
    last_used_from = Text(default=None, null=True)


class Invitation(Table, tablename="invitations", db=connections.engine):
    """An offer to join, for whoever holds its token."""

    id = UUID(primary_key=True, default=None)
    token_hash = Bytea(default=None, secret=True)
    partnership_id = UUID(default=None, null=True)
    brand_id = ForeignKey(Brand, default=None)
    role = Text(default=None)
    email = Text(default=None)
    invited_by = ForeignKey(Member, default=None, null=False)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    accepted_at = Timestamptz(default=None, null=True)
    accepted_by = ForeignKey(Member, default=None)


class AuditRecord(Table, tablename="audit_records", db=connections.engine):
    """Who did what to which object."""

    id = BigInt(primary_key=True, default=None)
    at = Timestamptz(default=None)
    wall_at = Timestamptz(default=None)
    actor_kind = Text(default=None)
    actor_id = UUID(default=None, null=True)
    actor_roles = Array(base_column=Text(), default=list)
    session_id = UUID(default=None, null=True)
    acting_for = ForeignKey(Brand, default=None)
    verb = Text(default=None)
    object_kind = Text(default=None)
    object_id = Text(default=None)
    before = JSONB(default=None, null=True)
    after = JSONB(default=None, null=True)
    brand_id = ForeignKey(Brand, default=None)
    other_brand_id = ForeignKey(Brand, default=None)
    request_id = Text(default=None, null=True)
    leaf_hash = Bytea(default=None)


class AuditSalt(Table, tablename="audit_salts", db=connections.engine):
    """What makes the hash of a person's value unguessable, until the person is forgotten."""

    subject_id = UUID(primary_key=True, default=None)
    salt = Bytea(default=None, secret=True)


class UnsealedAuditRecord(Table, tablename="unsealed_audit_records", db=connections.engine):
    """A record that no seal holds yet."""

    record_id = ForeignKey(AuditRecord, primary_key=True, default=None, null=False)


class AuditSeal(Table, tablename="audit_seals", db=connections.engine):
    """What chains records to all that were sealed before."""

    no = BigInt(primary_key=True, default=None)
    first_id = BigInt(default=None)
    last_id = BigInt(default=None)
    record_count = BigInt(default=None)
    root = Bytea(default=None)
    previous_hash = Bytea(default=None, null=True)
    sealed_at = Timestamptz(default=None)
    hash = Bytea(default=None, unique=True)


class AuditSealMember(Table, tablename="audit_seal_members", db=connections.engine):
    """Which seal holds a record, and where in its order."""

    record_id = ForeignKey(AuditRecord, primary_key=True, default=None, null=False)
    seal_no = ForeignKey(AuditSeal, default=None, null=False)
    position = BigInt(default=None)


class PasswordReset(Table, tablename="password_resets", db=connections.engine):
    """A link by which somebody who forgot the password sets a new one, once."""

    id = UUID(primary_key=True, default=None)
    member_id = ForeignKey(Member, default=None, null=False)
    token_hash = Bytea(default=None, secret=True)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    used_at = Timestamptz(default=None, null=True)


class KeptForm(Table, tablename="kept_forms", db=connections.engine):
    """A form that came when its session had ended, sealed until its sender is back."""

    id = UUID(primary_key=True, default=None)
    token_hash = Bytea(default=None, secret=True, unique=True)
    member_id = ForeignKey(Member, default=None)
    brand_id = ForeignKey(Brand, default=None)
    sealed = Bytea(default=None, secret=True)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)

"""What is kept to find out that a member is who they say, besides the password."""

from partner_network.kernel.sentences import Sentence
from partner_network.privacy.rules.holdings import Holding, columns

HOLDINGS = (
    Holding(
        table="second_factors",
        about="members",
        holds=Sentence("authenticators and passkeys: their names, sealed keys, when last used"),
        ground="contract",
        kept=Sentence("until removed, then its name and times for 90 days"),
        erasure="delete",
        columns=columns("member_id", "name", "credential_id", "public_key"),
        owner="member_id",
        shown=("kind", "name", "created_at", "confirmed_at", "last_used_at", "removed_at"),
        eyes="doorkeeper",
    ),
    Holding(
        table="recovery_codes",
        about="members",
        holds=Sentence("hashes of the codes for the day on which an authenticator is lost"),
        ground="contract",
        kept=Sentence("until the person makes new ones"),
        erasure="delete",
        columns=columns("member_id"),
        owner="member_id",
        shown=("created_at", "used_at"),
        eyes="doorkeeper",
    ),
    Holding(
        table="pending_sign_ins",
        about="members",
        holds=Sentence("a right password that waits for the second factor"),
        ground="contract",
        kept=Sentence("some minutes"),
        erasure="delete",
        columns=columns("member_id"),
        owner="member_id",
        shown=("created_at", "expires_at"),
        eyes="doorkeeper",
    ),
)

"""Use up credit with the advertiser, and take such a use back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import ApiKey
from partner_network.identity.web import addresses
from partner_network.kernel import ids, money
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.rewards import queries, redemption_queries
from partner_network.rewards.actions import grant, record
from partner_network.rewards.queries import Held
from partner_network.rewards.redemption_queries import Redeemed
from partner_network.rewards.rules import moves as rules
from partner_network.rewards.rules import wishes
from partner_network.rewards.rules.wishes import Redemption

POST = "rewards.post"
"""The job that posts what was redeemed."""


async def redeem(api_key: ApiKey, wish: Redemption) -> tuple[Redeemed, bool]:
    """Redeem credit, what ends soonest first; return it, and whether it is new: a repeat changes nothing.

    Units: minor units of the currency. Errors: ConflictError for a key that stands for another wish, or for
        more than there is, with what there is; NotFoundError for a customer who is unknown.
    Source: docs/algorithms/rewards.md.
    """
    wishes.must_name_a_holder(wish)
    async with connections.transaction(eyes=api_key.eyes) as connection:
        # The key's lock: of two that send the same, the second finds what the first did.
        await connections.lock_all(connection, f"redemption:{api_key.brand_id}:{wish.key}")
        standing = await redemption_queries.by_key(connection, api_key.brand_id, wish.key)
        if standing is not None:
            _must_be_the_same(standing, wish)
            return standing, False
        redemption_id = await _redeem(connection, api_key.brand_id, wish)
        await jobs.enqueue(connection, POST)
        return await redemption_queries.redemption_of(connection, api_key.brand_id, redemption_id), True


async def cancel(api_key: ApiKey, key: str) -> Redeemed:
    """Take a redemption back: what it used is there again, at its present worth. A repeat changes nothing."""
    async with connections.transaction(eyes=api_key.eyes) as connection:
        now = await clock.now(connection)
        standing = await redemption_queries.by_key(connection, api_key.brand_id, key)
        if standing is None:
            raise NotFoundError("Nothing was redeemed with your brand under this key.")
        redemption_id = standing.id
        drawn = await queries.credits_redeemed_by(connection, redemption_id)
        await connections.lock_all(connection, *(record.lock_of(one) for one in drawn))
        made = await connection.execute(
            "INSERT INTO credit_redemption_cancels (redemption_id, cancelled_at) VALUES ($1, $2) "
            "ON CONFLICT DO NOTHING",
            redemption_id,
            now,
        )
        if made == "INSERT 0 0":
            return standing
        chain = []
        for one in await queries.credits_redeemed_by(connection, redemption_id):
            aged, state = grant.up_to(one, now)
            chain += aged
            chain += record.chained(one.id, state.left_minor, [rules.returned(state, redemption_id, now)])
        await record.record_moves(connection, chain, now)
        await jobs.enqueue(connection, POST)
        return await redemption_queries.redemption_of(connection, api_key.brand_id, redemption_id)


async def _redeem(connection: Connection, advertiser_id: UUID, wish: Redemption) -> UUID:
    customer_id = partner_id = None
    if wish.partner is not None:
        holder_id = partner_id = addresses.in_body("bnd", wish.partner, field="partner")
    else:
        holder_id = customer_id = await redemption_queries.customer_of(
            connection, advertiser_id, wish.customer or ""
        )
    # The holder's lock: two who redeem at once go one after the other, and so does what facts change.
    await connections.lock_all(connection, record.holder_lock(advertiser_id, holder_id))
    now = await clock.now(connection)
    held = await queries.redeemable(
        connection, advertiser_id, wish.currency, customer_id=customer_id, partner_id=partner_id
    )
    redemption_id = ids.new_id(now)
    chain = _drawn(held, wish, redemption_id, now)
    await connection.execute(
        """INSERT INTO credit_redemptions (id, advertiser_id, key, payload_hash, customer_id, partner_id,
               currency, amount_minor, redeemed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        redemption_id,
        advertiser_id,
        wish.key,
        wishes.content_hash(wish),
        customer_id,
        partner_id,
        wish.currency,
        wish.amount_minor,
        now,
    )
    await record.record_moves(connection, chain, now)
    return redemption_id


def _drawn(held: Sequence[Held], wish: Redemption, redemption_id: UUID, now: datetime) -> record.Chain:
    """Return the moves that take what is wished for from credit in the order given, once it is up to date."""
    chain: record.Chain = []
    wanted, available = wish.amount_minor, 0
    for one in held:
        aged, state = grant.up_to(one, now)
        chain += aged
        available += state.left_minor
        if part := min(wanted, state.left_minor):
            drawn = rules.redeemed(state, part, redemption_id, now)
            chain += record.chained(one.id, state.left_minor, [drawn])
            wanted -= part
    if wanted:
        left = money.display(available, wish.currency)
        raise ConflictError(Sentence("There is {left} left to redeem; ask for that or less.", left=left))
    return chain


def _must_be_the_same(standing: Redeemed, wish: Redemption) -> None:
    if standing.payload_hash != wishes.content_hash(wish):
        raise ConflictError(
            Sentence(
                "The key {key!r} stands for another redemption, {id}; take a new key.",
                key=wish.key,
                id=ids.shown("red", standing.id),
            )
        )

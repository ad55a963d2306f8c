"""The lived network behind its real doors, and one principal for each role at each side of it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast, get_args
from uuid import UUID, uuid4

import httpx
import pytest

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules import credentials
from partner_network.identity.rules.permissions import BrandRole, OperatorRole, Scope
from partner_network.kernel import ids
from partner_network.receipts.trials import computing, result
from tests.builders import RADIO, SHOP, SMALL
from tests.conftest import Databases, FreshDatabase
from tests.dashboards.conftest import Lived, lived
from tests.doors import BASE_URL, Network, serving

__all__ = ["lived"]

Side = Literal["advertiser", "partner", "other", "operator", "nobody"]
"""The two brands that share what addresses name, one that shares nothing with them, the operator, nobody."""
COOKIE = "partner_network"


class Principal(NamedTuple):
    """Somebody who asks: for which side, in which role."""

    side: Side
    role: str

    @property
    def is_machine(self) -> bool:
        return self.role == "machine"


PRINCIPALS = [
    Principal("nobody", "nobody"),
    *(
        Principal(side, role)
        for side in ("other", "partner", "advertiser")
        for role in (*get_args(BrandRole), "machine")
    ),
    *(Principal("operator", role) for role in get_args(OperatorRole)),
]
"""Strangers first, then those whose deeds could change what strangers find."""


class World:
    """The network, who is in it, and the ids of what belongs to Tune House and its partner Needle Drop."""

    def __init__(self, network: Network, other: UUID, ids_of: dict[str, str]) -> None:
        self.network = network
        self.other = other
        self.ids_of = ids_of
        self._transport = httpx.ASGITransport(app=cast("Any", network.app), raise_app_exceptions=False)

    async def brand_id(self, slug: str) -> UUID:
        return await self.network.owner.fetchval("SELECT id FROM brands WHERE slug = $1", slug)

    async def brand_of(self, side: Side) -> UUID | None:
        if side in {"advertiser", "partner"}:
            return await self.brand_id(SHOP if side == "advertiser" else SMALL)
        return self.other if side == "other" else None

    async def client(
        self, who: Principal, *, brand: UUID | None = None, factor: bool = True
    ) -> httpx.AsyncClient:
        """Return a client that carries the principal's fresh session or key."""
        client = httpx.AsyncClient(transport=self._transport, base_url=BASE_URL)
        brand = brand or await self.brand_of(who.side)
        if who.is_machine:
            client.headers["authorization"] = f"Bearer {await self._key(cast('UUID', brand))}"
        elif who.side != "nobody":
            token, csrf_token = await self._session(who, brand, factor=factor)
            client.cookies.set(COOKIE, token)
            client.headers["x-csrf-token"] = csrf_token
        return client

    async def _session(self, who: Principal, brand: UUID | None, *, factor: bool) -> tuple[str, str]:
        email = f"{who.role}@{who.side}-{brand or 'operator'}.example"
        known = await self.network.owner.fetchval("SELECT id FROM members WHERE email = $1", email)
        member_id = known or await self.network.person(email, brand, [who.role])
        token, csrf_token = credentials.new_token(), credentials.new_token()
        now = clock.wall_now()
        await self.network.owner.execute(
            """INSERT INTO sessions (token_hash, member_id, brand_id, csrf_token, created_at, last_seen_at,
                   expires_at, factor_given_at) VALUES ($1, $2, $3, $4, $5, $5, $6, $7)""",
            credentials.hash_of(token),
            member_id,
            brand,
            csrf_token,
            now,
            now + timedelta(hours=1),
            now if factor else None,
        )
        return token, csrf_token

    async def _key(self, brand: UUID) -> str:
        key = credentials.new_api_key(is_live=True)
        await self.network.owner.execute(
            """INSERT INTO api_keys (id, brand_id, name, prefix, key_hash, scopes, created_at)
               VALUES ($1, $2, 'all', $3, $4, $5, now())""",
            uuid4(),
            brand,
            key[: credentials.KEY_PREFIX_CHARACTERS],
            credentials.hash_of(key),
            list(get_args(Scope)),
        )
        return key


@pytest.fixture
async def world(databases: Databases, lived: Lived, tmp_path: Path) -> AsyncIterator[World]:
    """A copy of the lived network, served; a brand that has nothing to do with it; everything has an id."""
    name = f"world_{uuid4().hex[:12]}"
    await databases.execute(f"CREATE DATABASE {name} TEMPLATE {lived.database}")
    database = FreshDatabase(databases, name)
    await connections.open_pool(database.url(), max_size=1)
    try:
        clock.use_simulated_time(sandbox=True)
        async with serving(database, tmp_path) as network:
            clock.use_simulated_time(sandbox=True)
            other = await network.brand("rival")
            yield World(network, other, await _ids_of(network))
    finally:
        clock.use_simulated_time(sandbox=False)
        await connections.close_pool()
        await databases.drop(name)


async def _ids_of(network: Network) -> dict[str, str]:
    """Name one object of each kind that Tune House and Needle Drop share, and what only Tune House has."""
    owner = network.owner
    shared = await owner.fetchrow(
        """SELECT p.id AS partnership, p.program_id AS program, a.id AS agreement, s.id AS statement,
               o.id AS payout, s.account_id AS account, l.transfer_id AS line, c.conversion_id AS conversion,
               p.advertiser_id AS brand,
               encode(s.content_hash, 'hex') AS statement_hash,
               encode(a.content_hash, 'hex') AS agreement_hash
           FROM partnerships p JOIN brands shop ON shop.id = p.advertiser_id AND shop.slug = $1
               JOIN brands small ON small.id = p.partner_id AND small.slug = $2
               JOIN agreements a ON a.partnership_id = p.id
               JOIN statements s ON s.payer_id = p.advertiser_id AND s.payee_id = p.partner_id
               JOIN statement_lines l ON l.statement_id = s.id
               JOIN payouts o ON o.statement_id = s.id
               JOIN credits c ON c.partnership_id = p.id LIMIT 1""",
        SHOP,
        SMALL,
    )
    assert shared is not None
    made = {
        kind: ids.new_id(clock.wall_now())
        for kind in ("link", "code", "creative", "key", "factor", "invitation", "trial")
    }
    member_id = await owner.fetchval("SELECT id FROM members WHERE email = $1", f"olga@{SHOP}.test")
    await owner.execute(
        """INSERT INTO links (id, token, partnership_id, program_id, advertiser_id, partner_id, name,
               destination_url, created_by, created_at)
           SELECT $1, 'a-token', id, program_id, advertiser_id, partner_id, 'A link', 'https://tune-house.test/',
               $3, now() FROM partnerships WHERE id = $2""",
        made["link"],
        shared["partnership"],
        member_id,
    )
    await owner.execute(
        """INSERT INTO codes (id, partnership_id, program_id, advertiser_id, partner_id, code, folded,
               created_by, created_at)
           SELECT $1, id, program_id, advertiser_id, partner_id, 'SPRING5', 'spring5', $3, now()
           FROM partnerships WHERE id = $2""",
        made["code"],
        shared["partnership"],
        member_id,
    )
    await owner.execute(
        """INSERT INTO creatives (id, program_id, title, file_name, content_type, file_key, sha256,
               size_bytes, uploaded_by, uploaded_at)
           VALUES ($1, $2, 'A banner', 'b.png', 'image/png', 'creatives/none', sha256('x'), 1, $3, now())""",
        made["creative"],
        shared["program"],
        member_id,
    )
    await owner.execute(
        """INSERT INTO api_keys (id, brand_id, name, prefix, key_hash, scopes, created_at)
           VALUES ($1, $2, 'shop', 'pnk_live_xxxxx', sha256('y'), '{conversions:write}', now())""",
        made["key"],
        shared["brand"],
    )
    await owner.execute(
        """INSERT INTO invitations (id, token_hash, brand_id, role, email, invited_by, created_at, expires_at)
           VALUES ($1, sha256('i'), $2, 'viewer', 'new@tune-house.test', $3, now(), '2100-01-01')""",
        made["invitation"],
        shared["brand"],
        member_id,
    )
    await owner.execute(
        """INSERT INTO agreement_documents (agreement_id, pdf_sha256, file_key, size_bytes, rendered_at)
           VALUES ($1, sha256('z'), 'agreements/none.pdf', 1, now()) ON CONFLICT DO NOTHING""",
        shared["agreement"],
    )
    await owner.execute(
        """INSERT INTO statement_documents (statement_id, kind, file_key, sha256, size_bytes, rendered_at)
           VALUES ($1, 'csv', 'statements/none.csv', sha256('z'), 1, now()) ON CONFLICT DO NOTHING""",
        shared["statement"],
    )
    await owner.execute(
        """INSERT INTO second_factors (id, member_id, kind, name, sealed_key, created_at, confirmed_at)
           VALUES ($1, $2, 'totp', 'A phone', 'sealed', now(), now())""",
        made["factor"],
        member_id,
    )
    await owner.execute(
        """INSERT INTO trials (id, program_id, advertiser_id, brand_id, is_by_operator, starts_on, ends_on,
               time_zone, terms_toml, asked_at, finished_at, error)
           VALUES ($1, $2, $3, $3, false, '2026-01-01', '2026-02-01', 'UTC', '[program.attribution]', now(),
               now(), $4)""",
        made["trial"],
        shared["program"],
        shared["brand"],
        result.sentence_kept(computing.OUR_FAULT),
    )
    radio = await owner.fetchval("SELECT id FROM brands WHERE slug = $1", RADIO)
    return {
        "brand": ids.shown("bnd", shared["brand"]),
        "partner": ids.shown("bnd", radio),
        "partnership": ids.shown("prt", shared["partnership"]),
        "program": ids.shown("prg", shared["program"]),
        "agreement": ids.shown("agr", shared["agreement"]),
        "statement": ids.shown("stm", shared["statement"]),
        "payout": ids.shown("pay", shared["payout"]),
        "line": str(shared["line"]),
        "account": str(shared["account"]),
        "conversion": ids.shown("cnv", shared["conversion"]),
        "link": ids.shown("lnk", made["link"]),
        "code": ids.shown("cod", made["code"]),
        "creative": ids.shown("crt", made["creative"]),
        "api_key": ids.shown("key", made["key"]),
        "trial": ids.shown("try", made["trial"]),
        "invitation": str(made["invitation"]),
        "factor": str(made["factor"]),
        "member": ids.shown("mbr", member_id),
        "statement_hash": shared["statement_hash"],
        "agreement_hash": shared["agreement_hash"],
    }

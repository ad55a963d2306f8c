from uuid import UUID, uuid4

import msgspec
import pytest

from partner_network.database import connections
from partner_network.identity.rules.permissions import ApiKey
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from partner_network.links import actions, queries, rules
from partner_network.links.queries import TrackedLink
from tests.links.cast import MADE_AT, Network

URL = "https://shop.example/cds"


async def create(
    network: Network, *, brand_id: UUID | None, role: str = "marketer", url: str = URL
) -> TrackedLink:
    return await actions.create_link(
        network.settings,
        asking=network.member(brand_id, role),
        partnership_id=network.cast.partnership,
        name=" Newsletter ",
        destination_url=url,
    )


async def test_a_partner_makes_a_link_and_finds_it_among_its_own(network: Network) -> None:
    made = await create(network, brand_id=network.cast.roaster)
    async with connections.transaction() as connection:
        assert await queries.links_of(connection, network.cast.roaster) == [made]
    assert rules.is_token(made.token, network.settings.secret_key)
    assert (made.name, made.destination_url, made.disabled_at) == ("Newsletter", URL, None)
    assert (made.advertiser_id, made.partner_id) == (network.cast.shop, network.cast.roaster)


async def test_a_machine_makes_a_link_of_its_own_brand_and_is_named_as_its_maker(network: Network) -> None:
    key = ApiKey(uuid4(), network.cast.roaster, frozenset({"links:write"}), is_live=True)
    await network.fetch(
        """INSERT INTO api_keys (id, brand_id, name, prefix, key_hash, scopes, created_at)
           VALUES ($1, $2, 'shop', 'pnk_live_xxxxx', sha256('x'), '{links:write}', now())""",
        key.id,
        key.brand_id,
    )

    made = await actions.create_link(
        network.settings,
        asking=key,
        partnership_id=network.cast.partnership,
        name="Newsletter",
        destination_url=URL,
    )

    (row,) = await network.fetch("SELECT id, created_by, created_by_key FROM links")
    assert tuple(row) == (made.id, None, key.id)
    with pytest.raises(ForbiddenError, match="links:write"):
        await actions.disable_link(asking=msgspec.structs.replace(key, scopes=frozenset()), link_id=made.id)
    assert (await actions.disable_link(asking=key, link_id=made.id)).disabled_at is not None


async def test_the_operator_makes_a_link_for_the_partner(network: Network) -> None:
    made = await create(network, brand_id=None, role="manager")
    assert made.partner_id == network.cast.roaster


@pytest.mark.parametrize("brand", ["shop", "stranger"])
async def test_a_brand_that_is_not_the_partner_finds_no_such_partnership(
    network: Network, brand: str
) -> None:
    brand_id = network.cast.shop if brand == "shop" else uuid4()
    with pytest.raises(NotFoundError):
        await create(network, brand_id=brand_id)
    assert await network.fetch("SELECT * FROM links") == []


@pytest.mark.parametrize("role", ["viewer", "finance", "developer"])
async def test_a_member_whose_role_does_not_manage_links_makes_none(network: Network, role: str) -> None:
    with pytest.raises(ForbiddenError):
        await create(network, brand_id=network.cast.roaster, role=role)


@pytest.mark.parametrize("status", ["applied", "invited", "in_review", "paused", "ended", "declined"])
async def test_a_partnership_that_is_not_active_gets_no_link(network: Network, status: str) -> None:
    ended = "CASE $1::text WHEN 'ended' THEN now() END"
    await network.fetch(f"UPDATE partnerships SET status = $1, ended_at = {ended}", status)
    with pytest.raises(ConflictError, match=status.replace("_", " ")):
        await create(network, brand_id=network.cast.roaster)


async def test_a_destination_off_the_programs_list_is_refused_and_nothing_stored(network: Network) -> None:
    with pytest.raises(InvalidError) as refused:
        await create(network, brand_id=network.cast.roaster, url="https://evil.example/")
    assert set(refused.value.fields) == {"destination_url"}
    assert await network.fetch("SELECT * FROM links") == []


async def test_a_link_is_switched_off_once_and_stays_so(network: Network) -> None:
    member = network.member(network.cast.roaster, "owner")
    made = await create(network, brand_id=network.cast.roaster)
    first = await actions.disable_link(asking=member, link_id=made.id)
    assert first.disabled_at is not None
    assert await actions.disable_link(asking=member, link_id=made.id) == first


async def test_a_brand_cannot_switch_off_the_link_of_another(network: Network) -> None:
    made = await create(network, brand_id=network.cast.roaster)
    with pytest.raises(NotFoundError):
        await actions.disable_link(asking=network.member(network.cast.shop, "owner"), link_id=made.id)
    assert (await network.fetch("SELECT disabled_at FROM links"))[0]["disabled_at"] is None


async def test_gross_valid_and_unique_clicks_are_three_numbers(network: Network) -> None:
    made = await create(network, brand_id=network.cast.roaster)
    quiet = await create(network, brand_id=network.cast.roaster)
    for visitor, consent, excluded in [
        (b"ann", "granted", None),
        (b"ann", "unknown", None),
        (b"bob", "unknown", None),
        (None, "denied", None),
        (b"bot", "unknown", "bot"),
        (b"cyd", "unknown", "prefetch"),
    ]:
        await network.fetch(
            """INSERT INTO clicks (click_id, at, recorded_at, link_id, partnership_id, program_id,
                   advertiser_id, partner_id, visitor_key, consent, excluded)
               VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
            ids.new_id(MADE_AT), MADE_AT, made.id, made.partnership_id, made.program_id,
            made.advertiser_id, made.partner_id, visitor, consent, excluded,
        )  # fmt: skip
    async with connections.transaction() as connection:
        counted = await queries.links_of_partnership(connection, made.partnership_id)
    assert [(link.id, link.clicks_gross, link.clicks_valid, link.clicks_unique) for link in counted] == [
        (quiet.id, 0, 0, 0),
        (made.id, 6, 4, 2),
    ]

"""A music shop and the partner it invites, up to an agreement that waits for signatures."""

from typing import Any

import msgspec

from tests.doors import PASSWORD, POLICY, TERMS, Browser, Network

CONTRACT = {"contract": "cross-promotion", "contract_version": "2026-11"}


class Cast(msgspec.Struct):
    """Who is signed in, and what they have between them."""

    network: Network
    manager: Browser
    """Mia, manager at the operator."""
    shop: Browser
    """Olivia, owner of the music shop that advertises."""
    partner: Browser
    """Dan, owner of the drum school that promotes it."""
    program: str
    partnership: str

    async def draft(self, terms: str = TERMS, status: int = 201) -> Any:
        """Draft terms as the shop."""
        wanted = {"partnership": self.partnership, "terms": terms, **CONTRACT}
        return await self.shop.accepted("/api/v1/agreements", wanted, status)

    async def sign(self, browser: Browser, agreement: Any, status: int = 201) -> Any:
        """Sign what was drafted, as it was drafted."""
        path = f"/api/v1/agreements/{agreement['id']}/signatures"
        return await browser.accepted(path, {"content_hash": agreement["content_hash"]}, status)

    async def signed(self, terms: str = TERMS) -> Any:
        """Draft, and sign on both sides."""
        agreement = await self.draft(terms)
        await self.sign(self.shop, agreement)
        return await self.sign(self.partner, agreement)


async def cast_of(network: Network) -> Cast:
    """Bring a partnership through its real doors up to the review."""
    shop_id = await network.brand("groove-street")
    await network.person("olivia@groove.example", shop_id, ["owner"])
    await network.person("mia@network.example", None, ["manager"])
    shop, manager = (
        await network.signed_in("olivia@groove.example"),
        await network.signed_in("mia@network.example"),
    )
    program = await shop.accepted(
        "/api/v1/programs",
        {
            "slug": "cd-club",
            "name": "CD club",
            "offer": "Records by post",
            "default_url": "https://groove.example/club",
            "destination_hosts": ["groove.example"],
        },
    )
    await shop.accepted(f"/api/v1/programs/{program['id']}/versions", {"policy": POLICY})
    partnership = await shop.accepted(
        "/api/v1/partnerships",
        {
            "program": program["id"],
            "email": "dan@drums.example",
            "new_brand": {
                "slug": "drum-school",
                "name": "Drum School",
                "legal_name": "Drum School LLC",
                "address": "2 Snare Lane\nAustin, TX",
                "country": "US",
            },
        },
    )
    token = await network.token_in_letter("invitation", "dan@drums.example")
    partner = await network.browser()
    await partner.accepted(
        "/api/v1/invitations/acceptance", {"token": token, "name": "Dan", "password": PASSWORD}
    )
    assert (await partner.sign_in("dan@drums.example")).status_code == 201
    await network.strengthen(partner)
    return Cast(network, manager, shop, partner, program["id"], partnership["id"])

"""Record what a brand is at the tax office, and whether a payer may write its invoices."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from partner_network.brands import tax_profiles
from partner_network.brands.tax_profiles import NewTaxProfile
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.audit import Verb
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids, periods
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError
from partner_network.statements.actions import rendering
from partner_network.statements.rules import BillBrand

_A_DAY = timedelta(days=1)
_LAST_ZONE = ZoneInfo("Etc/GMT+12")
"""Where every day begins last."""


async def record_tax_profile(member: Member, new: NewTaxProfile, now: datetime) -> None:
    """Record the profile of the member's own brand, in force from tomorrow at the earliest.

    Errors: InvalidError, which names every field; ForbiddenError for the operator's people.
    """
    brand_id = _own(member)
    profile = tax_profiles.checked(new, earliest=first_day(now))
    async with connections.transaction(eyes=brand_id) as connection:
        await connection.execute(
            """INSERT INTO tax_profiles (id, brand_id, valid_from, legal_name, address, country, status,
                   vat_id, tax_number, tax_rate_ppm, recorded_at, recorded_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
            ids.new_id(now),
            brand_id,
            profile.valid_from,
            profile.legal_name,
            profile.address,
            profile.country,
            profile.status,
            profile.vat_id,
            profile.tax_number,
            profile.tax_rate_ppm,
            now,
            member.id,
        )
        after = {
            "valid_from": profile.valid_from.isoformat(),
            "country": profile.country,
            "status": profile.status,
            "tax_rate_ppm": profile.tax_rate_ppm,
        }
        await audit.record(
            connection, member, "change", "tax profile", brand_id, brands=[brand_id], after=after
        )
        await _ask_once_in_force(connection, brand_id, profile.valid_from, now)


def first_day(now: datetime) -> date:
    """Return from which day on a profile recorded now may hold."""
    return now.date() + _A_DAY


async def agree_to_self_billing(member: Member, payer_id: UUID, now: datetime) -> None:
    """Let a payer write the invoices of the member's own brand, those that wait for it too.

    Errors: InvalidError for a brand that does not pay it; ConflictError when it was agreed already.
    """
    payee_id = _own(member)
    async with connections.transaction(eyes=payee_id) as connection:
        await connections.lock_all(connection, f"self-billing:{payee_id}:{payer_id}")
        await _must_be_payer(connection, payee_id, payer_id)
        if await _in_force(connection, payee_id, payer_id):
            raise ConflictError("You agreed to this already; nothing was changed.")
        await connection.execute(
            """INSERT INTO self_billing_agreements (id, payee_id, payer_id, agreed_at, agreed_by)
               VALUES ($1, $2, $3, $4, $5)""",
            ids.new_id(now),
            payee_id,
            payer_id,
            now,
            member.id,
        )
        await _record(connection, member, "accept", payee_id, payer_id)
        await rendering.ask_for_invoices(connection, payee_id)


async def end_self_billing(member: Member, payer_id: UUID, now: datetime) -> None:
    """End it for the future: invoices that were issued stay. Errors: ConflictError when there is none."""
    payee_id = _own(member)
    async with connections.transaction(eyes=payee_id) as connection:
        await connections.lock_all(connection, f"self-billing:{payee_id}:{payer_id}")
        agreed = await _in_force(connection, payee_id, payer_id)
        if agreed is None:
            raise ConflictError("You have no agreement on self-billing with this brand; nothing was changed.")
        await connection.execute(
            "UPDATE self_billing_agreements SET ended_at = $2, ended_by = $3 WHERE id = $1",
            agreed,
            now,
            member.id,
        )
        await _record(connection, member, "end", payee_id, payer_id)


def _own(member: Member) -> UUID:
    permissions.must(member, "connect payouts")
    if member.brand_id is None:
        raise ForbiddenError("A brand speaks for itself to its tax office; ask its owner or finance.")
    return member.brand_id


async def _must_be_payer(connection: Connection, payee_id: UUID, payer_id: UUID) -> None:
    if not await connection.fetchval(
        "SELECT EXISTS (SELECT FROM partnerships WHERE partner_id = $1 AND advertiser_id = $2)",
        payee_id,
        payer_id,
    ):
        raise InvalidError("There is no such brand that pays you; choose one of those on the page.")


async def _in_force(connection: Connection, payee_id: UUID, payer_id: UUID) -> UUID | None:
    return await connection.fetchval(
        """SELECT id FROM self_billing_agreements
           WHERE payee_id = $1 AND payer_id = $2 AND ended_at IS NULL""",
        payee_id,
        payer_id,
    )


async def _record(connection: Connection, member: Member, verb: Verb, payee_id: UUID, payer_id: UUID) -> None:
    after = {"payee": ids.shown("bnd", payee_id), "payer": ids.shown("bnd", payer_id)}
    await audit.record(
        connection,
        member,
        verb,
        "self-billing agreement",
        payee_id,
        brands=[payee_id, payer_id],
        after=after,
    )


async def _ask_once_in_force(connection: Connection, brand_id: UUID, valid_from: date, now: datetime) -> None:
    """Ask for invoices when a profile holds in every zone: an invoice names a company as it is that day."""
    holds_at = periods.midnight(valid_from, _LAST_ZONE)
    await rendering.ask_once_in_force(connection, BillBrand(brand_id, holds_at), now)

"""Drafting an agreement in the back office, for the advertiser of a partnership."""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_200_OK, HTTP_409_CONFLICT, HTTP_422_UNPROCESSABLE_ENTITY

from partner_network.agreements import contracts, queries
from partner_network.agreements.actions import draft
from partner_network.agreements.actions.draft import NewAgreement
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError, NotFoundError, PartnerNetworkError
from partner_network.programs import queries as programs
from partner_network.receipts.trials import queries as trials
from partner_network.settings import Settings

AGREEMENTS_MAX = 200
FIRST_TERMS = """\
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{ from = 0, rate_ppm = 50_000 }, { from = 1_000_000, rate_ppm = 80_000 }]

[settlement]
currency = "USD"
time_zone = "America/New_York"
"""


class DraftForm(msgspec.Struct):
    """The contract, as `name/version`, and the terms that fill it in."""

    contract: str = ""
    terms: str = ""


@get(
    "/admin/partnerships/{partnership:str}/agreements/new",
    guards=[guards.must_be_operator, guards.must_draft_agreements],
    include_in_schema=False,
)
async def show_draft_form(
    partnership: FromPath[str], member: NamedDependency[Member], trial: FromQuery[str | None] = None
) -> Template:
    """Ask for terms, beginning with those of a trial, else with the newest ones there are."""
    partnership_id = addresses.in_path("prt", partnership)
    newest = await queries.agreements_of(
        member, partnership_id=partnership_id, after=None, limit=AGREEMENTS_MAX
    )
    terms = newest[-1].terms_toml if newest else FIRST_TERMS
    if trial is not None:
        terms = (await trials.trial_of(member, addresses.in_path("try", trial))).terms_toml
    return await _form(member, partnership, DraftForm(terms=terms))


@post(
    "/admin/partnerships/{partnership:str}/agreements",
    guards=[guards.must_be_operator, guards.must_draft_agreements],
    include_in_schema=False,
)
async def draft_agreement(
    partnership: FromPath[str],
    data: URLEncodedBody[DraftForm],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Redirect | Template:
    """Draft terms for a partnership; both brands then read and sign them."""
    name, _, version = data.contract.partition("/")
    # A browser sends every line's end as two characters; what is signed has one.
    terms = data.terms.replace("\r\n", "\n")
    new = NewAgreement(addresses.in_path("prt", partnership), name, version, terms)
    try:
        drafted = await draft.draft_agreement(
            member, new, settings.operator, platform_country=settings.platform_country
        )
    except InvalidError as error:
        return await _form(member, partnership, data, error, HTTP_422_UNPROCESSABLE_ENTITY)
    except (ConflictError, NotFoundError) as error:
        return await _form(member, partnership, data, error, HTTP_409_CONFLICT)
    return Redirect(f"/admin/agreements/{ids.shown('agr', drafted.id)}", status_code=303)


async def _form(
    member: Member,
    partnership: str,
    form: DraftForm,
    refusal: PartnerNetworkError | None = None,
    status: int = HTTP_200_OK,
) -> Template:
    shown = await programs.partnership_of(member, addresses.in_path("prt", partnership))
    program = await programs.program_of(member, shown.program_id)
    return Template(
        "admin/draft.html",
        context={
            "partnership": shown,
            "has_policy": program.version is not None,
            "contracts": [
                (f"{name}/{version}", f"{name} {version}")
                for name in contracts.names()
                for version in reversed(contracts.versions_of(name))
            ],
            "form": form,
            "refusal": refusal,
        },
        status_code=status,
    )

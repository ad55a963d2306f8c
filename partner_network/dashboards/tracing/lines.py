"""The way of one line of a statement: its commission, its order's receipt, its clicks and its clause."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from partner_network.agreements import queries as agreements
from partner_network.agreements.queries import Agreement
from partner_network.dashboards.queries import listed_statements, stations
from partner_network.dashboards.tracing import clauses, queries, sums
from partner_network.dashboards.tracing.composing import TracedLine
from partner_network.dashboards.tracing.queries import TracedPayout
from partner_network.dashboards.tracing.sums import Sum, Whereabouts
from partner_network.database.connections import Connection
from partner_network.kernel.errors import NotFoundError
from partner_network.receipts.commission import arithmetic
from partner_network.receipts.commission import queries as commissions
from partner_network.receipts.commission.arithmetic import Figures
from partner_network.receipts.commission.queries import Revision, Stated
from partner_network.statements.queries import Statement


class TracedCommission(Struct, frozen=True):
    """The commission of a line: its revisions, its figures, and where all its money is."""

    revisions: Sequence[Revision]
    figures: Figures
    stated: Sequence[Stated]
    sum: Sum


class LineTrace(Struct, frozen=True):
    """One line of a statement with everything that it follows from."""

    statement: Statement
    payout: TracedPayout | None
    traced: TracedLine
    commission: TracedCommission | None
    agreement: Agreement | None
    clause_text: str

    @property
    def holds(self) -> bool:
        """Tell whether the commission's money adds up and its figures come to what is booked."""
        return self.commission is None or (
            self.commission.sum.holds and self.commission.sum.result.minor == self.commission.figures.minor
        )


async def line_trace(
    connection: Connection, statement: Statement, transfer_id: int, brand_id: UUID | None
) -> LineTrace:
    """Return the trace of one line of a statement that whoever asks may see. Errors: NotFoundError."""
    signed = await listed_statements.contract_of(connection, statement.id)
    line = await queries.line_of(connection, statement.id, transfer_id, signed)
    origin = (await queries.origins_of(connection, [transfer_id])).get(transfer_id)
    credited = {} if origin is None else await queries.credited_of(connection, [origin])
    agreement_id = (
        await stations.newest_agreement(connection, payer_id=statement.payer_id, payee_id=statement.payee_id)
        if origin is None
        else origin.agreement_id
    )
    agreement = None if agreement_id is None else await _agreement(connection, agreement_id, brand_id)
    return LineTrace(
        statement=statement,
        payout=await queries.payout_on(connection, statement.id),
        traced=TracedLine(line, origin, () if origin is None else credited.get(origin.commission_id, ())),
        commission=None if origin is None else await _commission(connection, origin),
        agreement=agreement,
        clause_text=clauses.text_of(agreement, line.clause) if agreement and line.clause else "",
    )


async def _agreement(connection: Connection, agreement_id: UUID, brand_id: UUID | None) -> Agreement | None:
    try:
        return await agreements.agreement_within(connection, agreement_id, brand_id=brand_id)
    except NotFoundError:
        return None  # a charity is no party to the agreement that gives to it


async def _commission(connection: Connection, origin: queries.Origin) -> TracedCommission:
    wanted = [origin.commission_id]
    revisions = (await commissions.revisions_of(connection, wanted))[origin.commission_id]
    stated = (await commissions.stated_of(connection, wanted)).get(origin.commission_id, ())
    taken = (await commissions.taken_of(connection, wanted)).get(origin.commission_id, ())
    lying = (await commissions.lying_of(connection, wanted)).get(origin.commission_id, commissions.Lying())
    at = Whereabouts(
        pending_minor=lying.pending_minor,
        held_minor=lying.held_minor,
        disputed_minor=lying.disputed_minor,
        unstated_minor=lying.payable_minor,
        stated_minor=sum(one.amount_minor for one in stated),
        due_back_minor=sum(one.due_minor for one in taken),
        forgiven_minor=await queries.forgiven_minor(connection, origin.commission_id),
    )
    return TracedCommission(
        revisions=revisions,
        figures=arithmetic.figures_in(revisions[0].inputs),
        stated=stated,
        sum=sums.commission(at, origin.target_minor),
    )

"""A whole trace for whoever asks: every step with what it adds up to, and a page of the lines."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from partner_network.dashboards.queries import listed_statements
from partner_network.dashboards.tracing import banking, queries, sums
from partner_network.dashboards.tracing.banking import Banked
from partner_network.dashboards.tracing.queries import Attempt, Before, Credited, Origin, TracedPayout
from partner_network.dashboards.tracing.sums import Sum
from partner_network.database.connections import Connection
from partner_network.kernel.sentences import Sentence
from partner_network.statements import queries as statements
from partner_network.statements.queries import Statement, StatementLine


class TracedLine(Struct, frozen=True):
    """A line of the statement with where it comes from; tax, netting and payments have no commission."""

    line: StatementLine
    origin: Origin | None
    credited: Sequence[Credited]


class Trace(Struct, frozen=True):
    """The way of the money from a payout to the lines it is made of."""

    statement: Statement
    before: Before | None
    payout: TracedPayout | None
    attempts: Sequence[Attempt]
    lines: Sequence[TracedLine]
    sums: Sequence[Sum]
    banked: Sequence[Banked] = ()

    @property
    def holds(self) -> bool:
        """Tell whether every step adds up, to the cent."""
        return all(one.holds for one in (*self.sums, *(bank.sum for bank in self.banked)))

    @property
    def paid_minor(self) -> int:
        """What of the payout stayed with the payee, in minor units."""
        return sum(one.paid_minor for one in self.attempts)

    @property
    def is_sent(self) -> bool:
        """Tell whether all of the payout is with the payee, what came back among it."""
        return self.payout is not None and self.paid_minor >= self.payout.amount_minor


async def trace_of(
    connection: Connection,
    statement: Statement,
    lines: Sequence[StatementLine],
    words: Mapping[str, Sentence],
) -> Trace:
    """Return the trace of a statement whoever asks may see, around a page of its lines.

    `words` says what each kind of line is called. Units: minor units.
    """
    payout = await queries.payout_on(connection, statement.id)
    attempts = [] if payout is None else await queries.attempts_of(connection, payout.id)
    by_kind = await queries.lines_minor(connection, statement.id)
    steps: list[Sum] = []
    if payout is not None:
        moved = [(one.amount_minor, one.reversed_minor) for one in attempts if one.is_moved]
        if moved:
            waiting = await queries.to_be_sent_minor(connection, payout)
            steps.append(sums.sent(moved, waiting, payout.amount_minor))
        taken = await queries.taken_minor(connection, payout)
        steps.append(sums.funded(payout.amount_minor, taken, statement.closing_minor))
    steps.append(sums.stated(statement.opening_minor, by_kind, words, statement.closing_minor))
    here = sum(line.amount_minor for line in lines)
    booked = statement.closing_minor - statement.opening_minor
    steps.append(sums.paged(here, sum(by_kind.values()) - here, booked))
    return Trace(
        statement=statement,
        before=await queries.statement_before(connection, statement.id),
        payout=payout,
        attempts=attempts,
        lines=await _traced(connection, lines),
        sums=steps,
        banked=[] if payout is None else await banking.banked_of(connection, payout.id),
    )


async def statement_of_payout(connection: Connection, payout_id: UUID, brand_id: UUID | None) -> Statement:
    """Return the statement that a payout pays. Errors: NotFoundError for anybody but its two brands."""
    payout = await queries.payout_for(connection, payout_id, brand_id)
    return await statements.statement_for(connection, payout.statement_id, brand_id)


async def first_lines(
    connection: Connection, statement: Statement, *, after: int, limit: int
) -> list[StatementLine]:
    """Return some of a statement's lines, in the order in which they were booked."""
    signed = await listed_statements.contract_of(connection, statement.id)
    return await queries.lines_after(connection, statement.id, after, limit, signed)


async def _traced(connection: Connection, lines: Sequence[StatementLine]) -> list[TracedLine]:
    origins = await queries.origins_of(connection, [line.transfer_id for line in lines])
    credited = await queries.credited_of(connection, list(origins.values()))
    found: list[TracedLine] = []
    for line in lines:
        origin = origins.get(line.transfer_id)
        own = () if origin is None else credited.get(origin.commission_id, ())
        found.append(TracedLine(line, origin, own))
    return found

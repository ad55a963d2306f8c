"""Trials as JSON: ask what other terms would have paid, and read what came out."""

from collections.abc import Sequence
from datetime import date

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.receipts.trials import actions, queries, result
from partner_network.receipts.trials.queries import Trial
from partner_network.receipts.trials.result import Move, Result
from partner_network.receipts.trials.rules import Days, Question, Status
from partner_network.receipts.what_if.values import Figures


class NewTrialBody(msgspec.Struct, forbid_unknown_fields=True, rename={"starts_on": "from", "ends_on": "to"}):
    """What to try: a program or one of its partnerships, the days from ``from`` up to ``to``, and the terms.

    ``terms`` is a terms file; for a program it may hold ``[program.*]`` alone, the policy. Without it the
    policy stays as it was. A partnership's file changes that partnership's terms, a program's everybody's.
    """

    starts_on: date
    ends_on: date
    terms: str
    program: str | None = None
    partnership: str | None = None


class TrialRow(msgspec.Struct):
    """One partner's figures, before and after; money in minor units by currency."""

    partnership: str
    partner: str
    partner_name: str
    before: Figures
    after: Figures
    unpriced: str | None
    """Why its money could not be computed."""


class TrialResult(msgspec.Struct):
    """What came out; the counts of a whole program are null for a partner that asks about itself."""

    computed_since: str
    computed_until: str
    rows: list[TrialRow]
    before: Figures
    after: Figures
    conversions: int | None
    unattributed_before: int | None
    unattributed_after: int | None
    moved_conversions: int
    moved: list[Move]
    unlike_stored: int | None


class TrialBody(msgspec.Struct, rename={"starts_on": "from", "ends_on": "to"}):
    """A trial as whoever asked for it sees it."""

    id: str
    program: str
    partnership: str | None
    starts_on: str
    ends_on: str
    time_zone: str
    terms: str
    status: Status
    is_by_operator: bool
    asked_at: str
    started_at: str | None
    finished_at: str | None
    result: TrialResult | None
    error: str | None


class BarBody(msgspec.Struct):
    """What one partner is paid in one currency, before and after."""

    label: str
    currency: str
    before_minor: int
    after_minor: int


class BarsBody(msgspec.Struct):
    """What the chart draws."""

    items: list[BarBody]


@post("/api/v1/trials", guards=[guards.must_try_terms])
async def ask_trial(data: JSONBody[NewTrialBody], asking: guards.WhoAsks) -> TrialBody:
    """Ask what other terms would have paid; read the answer when its status is `done`."""
    if (data.program is None) == (data.partnership is None):
        why = Sentence("Name a program or one of its partnerships, not both.")
        raise InvalidError(why, fields={"program": why})
    question = Question(
        None if data.program is None else addresses.in_body("prg", data.program, field="program"),
        None if data.partnership is None else addresses.in_body("prt", data.partnership, field="partnership"),
        Days(data.starts_on, data.ends_on),
        data.terms,
    )
    return _shown(await queries.trial_of(asking, await actions.ask_trial(asking, question)))


@get("/api/v1/trials", guards=[guards.must_try_terms])
async def list_trials(
    asking: guards.WhoAsks, after: After = None, limit: Limit = addresses.LIMIT
) -> Page[TrialBody]:
    """List the trials of one's brand."""
    queries.must_try(asking)
    rows = await queries.trials_of(asking, after=addresses.cursor("try", after), limit=limit + 1)
    return addresses.page(rows, limit, _shown, lambda trial: trial.id)


@get("/api/v1/trials/{trial:str}", guards=[guards.must_try_terms])
async def read_trial(trial: FromPath[str], asking: guards.WhoAsks) -> TrialBody:
    """Show a trial of one's brand."""
    queries.must_try(asking)
    return _shown(await queries.trial_of(asking, addresses.in_path("try", trial)))


@get("/api/v1/trials/{trial:str}/bars", guards=[guards.must_try_terms])
async def read_bars(trial: FromPath[str], asking: guards.WhoAsks) -> BarsBody:
    """Give what each partner is paid before and after: what the chart draws."""
    queries.must_try(asking)
    found = await queries.trial_of(asking, addresses.in_path("try", trial))
    rows = [] if found.result is None else result.amounts_of(found.result)
    return BarsBody(
        [
            BarBody(one.row.partner_name, one.currency, one.paid_before, one.paid_after)
            for one in rows
            if one.row.unpriced is None and (one.paid_before or one.paid_after)
        ]
    )


def _shown(trial: Trial) -> TrialBody:
    partnership = trial.partnership_id
    return TrialBody(
        id=ids.shown("try", trial.id),
        program=ids.shown("prg", trial.program_id),
        partnership=None if partnership is None else ids.shown("prt", partnership),
        starts_on=trial.days.starts_on.isoformat(),
        ends_on=trial.days.ends_on.isoformat(),
        time_zone=trial.time_zone,
        terms=trial.terms_toml,
        status=trial.status,
        is_by_operator=trial.is_by_operator,
        asked_at=trial.asked_at.isoformat(),
        started_at=None if trial.started_at is None else trial.started_at.isoformat(),
        finished_at=None if trial.finished_at is None else trial.finished_at.isoformat(),
        result=None if trial.result is None else _result(trial.result),
        error=None if trial.error is None else str(trial.error),
    )


def _result(found: Result) -> TrialResult:
    return TrialResult(
        computed_since=found.computed_since.isoformat(),
        computed_until=found.computed_until.isoformat(),
        rows=[
            TrialRow(
                partnership=one.partnership,
                partner=one.partner,
                partner_name=one.partner_name,
                before=one.before,
                after=one.after,
                unpriced=result.why_unpriced(one) or None,
            )
            for one in found.rows
        ],
        before=found.before,
        after=found.after,
        conversions=found.conversions,
        unattributed_before=found.unattributed_before,
        unattributed_after=found.unattributed_after,
        moved_conversions=found.moved_conversions,
        moved=list(found.moved),
        unlike_stored=found.unlike_stored,
    )


ROUTES: Sequence[ControllerRouterHandler] = (ask_trial, list_trials, read_trial, read_bars)

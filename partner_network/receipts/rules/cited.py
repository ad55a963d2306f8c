"""Which term of the signed agreement a candidate's reason follows from."""

import re
from collections.abc import Sequence

from partner_network.agreements import contracts
from partner_network.agreements.contracts import Contract
from partner_network.attribution.receipt import Weighed

_TERM_OF: Sequence[tuple[str, str]] = (
    ("belongs to another program", "attribution"),
    (r" after the (?:lead|sale|activation)$", "attribution"),
    ("existing customer", "program.attribution.customers"),
    ("as evidence", "program.attribution.evidence"),
    ("weaker evidence", "program.attribution.evidence"),
    ("lock date", "settlement.lock.months"),
    ("run-off", "windows.run_off_days"),
    ("views do not count", "windows.view_days"),
    ("beside a qualifying tracked touch", "program.attribution.code_policy"),
    ("without tracked touches", "program.attribution.code_policy"),
    ("codes and self-reports do not count", "program.attribution.code_policy"),
    ("binds this customer", "program.attribution.binding_months"),
)
_NAMED = re.compile(r"clause (\d+\.\d+)")
_OF_EXCLUSIONS = "program.attribution.exclusions"
_OF_MODEL = "program.attribution.model"


def term_of(candidate: Weighed, event: str) -> str:
    """Return the key of the terms, or of the contract's lines, behind a candidate's verdict.

    A reason that no other term settles is one of the exclusions; whatever took part is decided by the model.
    """
    for pattern, term in _TERM_OF:
        if re.search(pattern, candidate.reason):
            return term
    if "the window" in candidate.reason and candidate.verdict == "excluded":
        return _window(candidate, event)
    if candidate.verdict == "excluded" and candidate.touch.partner is not None:
        return _OF_EXCLUSIONS
    return _OF_MODEL


def clauses_in(reason: str) -> Sequence[str]:
    """Return the clauses that a reason names itself, in its order."""
    return _NAMED.findall(reason)


def clause_of(contract: Contract, term: str) -> str | None:
    """Return the numbered clause behind a term; None where this contract settles no such thing."""
    try:
        return contracts.clause_of(contract, term)
    except ValueError:
        return None


def _window(candidate: Weighed, event: str) -> str:
    if candidate.touch.kind == "view":
        return "windows.view_days"
    own = candidate.reach is not None and getattr(candidate.reach.windows.events, event, None) is not None
    return f"windows.events.{event}" if own else "windows.click_days"

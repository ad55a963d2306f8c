"""Which clauses of a published contract a decision names; they are read outside of the pure rules."""

from functools import lru_cache

from partner_network.agreements import contracts
from partner_network.agreements.contracts import Contract
from partner_network.attribution.facts import Clauses

# What an agreement of the two brands is made of when nobody names another.
_USUAL = "cross-promotion"


@lru_cache(maxsize=32)
def clauses_of(contract_name: str, contract_version: str) -> Clauses:
    """Return the clauses that the decisions of an agreement under that contract name.

    Errors: NotFoundError for a contract that was not published.
    """
    return _clauses(contracts.published(contract_name, contract_version))


def newest() -> Clauses:
    """Return the clauses of the newest published contract: where no agreement says another."""
    return clauses_of(_USUAL, contracts.versions_of(_USUAL)[-1])


def _clauses(contract: Contract) -> Clauses:
    return Clauses(
        counted=contracts.clause_of(contract, "attribution"),
        click_days=contracts.clause_of(contract, "windows.click_days"),
        view_days=contracts.clause_of(contract, "windows.view_days"),
        event_days=contracts.clause_of(contract, "windows.events"),
        run_off=contracts.clause_of(contract, "windows.run_off_days"),
        evidence=contracts.clause_of(contract, "program.attribution.evidence"),
        code_policy=contracts.clause_of(contract, "program.attribution.code_policy"),
        exclusions=contracts.clause_of(contract, "program.attribution.exclusions"),
        model=contracts.clause_of(contract, "program.attribution.model"),
        customers=contracts.clause_of(contract, "program.attribution.customers"),
        binding=contracts.clause_of(contract, "program.attribution.binding_months"),
        lock=contracts.clause_of(contract, "settlement.lock"),
    )

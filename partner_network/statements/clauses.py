"""Which numbered clause a line of a statement follows from: pure."""

from partner_network.agreements import contracts

# Their entries cite the component or bonus they were computed by; every other kind has a clause of its own.
_BY_TERMS = frozenset({"earned", "bonus", "late"})
# What was held is let go under the clause by which it was held; all that is recovered is so under one.
_AS = {"released": "held", "tax_recovered": "recovered"}


def clause_of_line(kind: str, cited: str | None, contract: tuple[str, str] | None) -> str | None:
    """Return the clause number of a line, or None where no signed contract is behind it.

    `cited` is the key of the terms that the line's entry names, `contract` a name and version.
    Errors: NotFoundError for a contract never published, ValueError for what it does not know.
    """
    if contract is None:
        return None
    subject = cited if cited and kind in _BY_TERMS else _AS.get(kind, kind)
    return contracts.clause_of(contracts.published(*contract), subject)

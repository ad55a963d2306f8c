"""Every line of a statement leads to a numbered clause of the contract both signed."""

from typing import get_args

import pytest

from partner_network.kernel.errors import NotFoundError
from partner_network.statements import clauses
from partner_network.statements.rules import LineKind

CONTRACT = ("cross-promotion", "2026-11")


@pytest.mark.parametrize(
    ("kind", "cited", "clause"),
    [
        ("earned", "commission.components[0]", "4.2"),
        ("late", "commission.components[1]", "4.2"),
        ("late", None, "4.9"),
        ("bonus", "commission.bonuses[0]", "6.1"),
        ("recovered", "commission.components[0]", "5.4"),
        ("tax", None, "8.4"),
        ("netted", None, "7.1"),
        ("paid", None, "9.2"),
    ],
)
def test_a_line_follows_from_its_terms_or_from_its_kind(kind: str, cited: str | None, clause: str) -> None:
    assert clauses.clause_of_line(kind, cited, CONTRACT) == clause


@pytest.mark.parametrize("kind", get_args(LineKind))
def test_every_kind_of_line_has_a_clause(kind: str) -> None:
    assert clauses.clause_of_line(kind, None, CONTRACT)


def test_a_line_without_a_contract_cites_none() -> None:
    assert clauses.clause_of_line("earned", "commission.components[0]", None) is None


def test_a_line_of_a_contract_never_published_is_an_error() -> None:
    with pytest.raises(NotFoundError, match="no contract"):
        clauses.clause_of_line("earned", "commission.components[0]", ("cross-promotion", "1999-01"))

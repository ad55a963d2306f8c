"""docs/permissions.md is the table of permissions; run this module as a program to print it anew."""

from typing import get_args

from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import BrandRole, OperatorRole, Permission, Verb
from tests.shipping.image import ROOT

DOCUMENT = ROOT / "docs" / "permissions.md"
WHOSE = {
    "own": "one's own brand",
    "both": "both brands of a partnership",
    "program": "the program's brand; partners until they part",
    "network": "the operator",
}
PREFACE = """# Who may do what

One table decides: `MAY` in `partner_network/identity/rules/permissions.py`. A test prints it here and another
walks every address of the web app with every role against it, so page, API and this document cannot differ.

- A person may hold several roles, and roles at several brands; one session acts for one of them.
- *Whose data* says what a member of a brand reaches. The operator's people reach every brand's; row-level
  security in the database is the second wall (docs/decisions/0006).
- **2F**: the session must have been proved by a second factor besides the password.
- A machine has the scopes of its API key and no role. What no scope names needs a person.

| | at a brand | | | | | at the operator | | | | | |
|---|---|---|---|---|---|---|---|---|---|---|---|
"""


def mark(*, may: bool) -> str:
    return "yes" if may else ""


def row(verb: Verb, permission: Permission) -> str:
    cells = [mark(may=role in permission.at_brand) for role in get_args(BrandRole)]
    cells += [mark(may=role in permission.at_operator) for role in get_args(OperatorRole)]
    factor = "**2F**" if verb in permissions.NEEDS_SECOND_FACTOR else ""
    scopes = ", ".join(f"`{scope}`" for scope in permissions.scopes_with(verb))
    return f"| {verb} | {' | '.join(cells)} | {WHOSE[permission.whose]} | {factor} | {scopes} |"


def printed() -> str:
    roles = [f"*{role}*" for role in (*get_args(BrandRole), *get_args(OperatorRole))]
    head = f"| *what* | {' | '.join(roles)} | *whose data* | | *scope of a machine* |"
    rows = [row(verb, permission) for verb, permission in permissions.MAY.items()]
    return PREFACE + "\n".join([head, *rows]) + "\n"


def test_the_document_is_the_table() -> None:
    assert DOCUMENT.read_text() == printed()


def test_every_verb_has_somebody_who_may() -> None:
    assert {
        verb
        for verb, permission in permissions.MAY.items()
        if not (permission.at_brand or permission.at_operator or permissions.scopes_with(verb))
    } == set()


def test_every_verb_is_in_the_table() -> None:
    assert set(permissions.MAY) == set(get_args(Verb))


if __name__ == "__main__":
    DOCUMENT.write_text(printed())

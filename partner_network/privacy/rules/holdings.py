"""What one table holds about people: whose it is, why it is kept, and what an erasure does with it."""

from collections.abc import Mapping
from typing import Literal

import msgspec

About = Literal["members", "customers", "visitors", "members and visitors"]
Ground = Literal["contract", "legal duty", "legitimate interest", "consent"]
Erasure = Literal["delete", "pseudonymise", "keep"]
Eyes = Literal["operator", "doorkeeper"]


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """One table with personal data."""

    table: str
    about: About
    holds: str
    ground: Ground
    kept: str
    """How long, in words; the figures stand in `periods`."""
    erasure: Erasure
    """What happens to somebody's rows: they go, come to name nobody, or stay since proof needs them."""
    columns: frozenset[str] = frozenset()
    """The columns that name or describe somebody."""
    owner: str | None = None
    """The column with the member whose row it is: their rows go with them where the erasure is to delete."""
    address: str | None = None
    """The column with the e-mail address of the person whose row it is."""
    actors: tuple[str, ...] = ()
    """Columns that say which member did it; they go on pointing to a member who has no name any more."""
    shown: tuple[str, ...] = ()
    """What an export holds of it; never what only compares or opens."""
    eyes: Eyes = "operator"
    """Who sees through the table's wall to every brand's rows of one person."""

    @property
    def members_columns(self) -> tuple[str, ...]:
        """Return every column that holds a member's id."""
        return (self.owner, *self.actors) if self.owner else self.actors


def columns(*names: str) -> frozenset[str]:
    """Return names of columns as a holding lists them."""
    return frozenset(names)


def written(holding: Holding) -> str:
    """Return the holding as its row of the table in docs/privacy.md."""
    what = {
        "delete": "deleted",
        "pseudonymise": "changed so that it names nobody",
        "keep": "kept",
    }[holding.erasure]
    return (
        f"| `{holding.table}` | {holding.about} | {holding.holds} | {holding.ground} "
        f"| {holding.kept} | {what} |"
    )


def written_without(reasons: Mapping[str, str]) -> str:
    """Return the list of tables that hold nothing about people, as docs/privacy.md has it."""
    return "\n".join(f"- `{table}`: {why}" for table, why in sorted(reasons.items()))

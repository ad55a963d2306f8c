"""The published contracts: texts that never change, and the clause behind each term."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import cast

from msgspec import Struct

from partner_network.kernel.errors import NotFoundError

CONTRACTS = Path(__file__).parents[2] / "contracts"


class Contract(Struct, frozen=True):
    """One published version: its template, the defaults it accepts, and its clauses by what they settle."""

    name: str
    version: str
    template: str
    terms_toml: str
    clause_of_term: dict[str, str]
    clause_of_line: dict[str, str]


@lru_cache(maxsize=32)
def published(name: str, version: str) -> Contract:
    """Return a published contract. Errors: NotFoundError."""
    # Compared with the folders that exist, so that no name can lead out of them.
    if version not in versions_of(name):
        raise NotFoundError(f"There is no contract {name!r} of version {version!r}.")
    folder = CONTRACTS / name / version
    clauses = cast("dict[str, dict[str, str]]", tomllib.loads(_read(folder / "clauses.toml")))
    return Contract(
        name=name,
        version=version,
        template=_read(folder / "agreement.html"),
        terms_toml=_read(folder / "terms.toml"),
        clause_of_term=clauses["terms"],
        clause_of_line=clauses["lines"],
    )


def names() -> list[str]:
    """Return the names of all contracts, in order."""
    return sorted(folder.name for folder in CONTRACTS.iterdir() if folder.is_dir())


def versions_of(name: str) -> list[str]:
    """Return the published versions of a contract, the oldest first; none for a name that is no contract."""
    if name not in names():
        return []
    return sorted(folder.name for folder in (CONTRACTS / name).iterdir() if folder.is_dir())


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")

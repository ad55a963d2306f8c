"""The published contracts: texts that never change, and the clause behind each term."""

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct

from partner_network.kernel.errors import InvalidError, NotFoundError
from partner_network.kernel.sentences import Sentence

CONTRACTS = Path(__file__).parents[2] / "contracts"

_INDEX = re.compile(r"\[\d+\]")
_LISTS = frozenset({"commission.components", "commission.bonuses", "commission.boosts"})
"""Lists of tables, whose clauses are those of their keys."""
_LADDERS = frozenset({"tiers", "steps", "worth", "growth"})
"""Lists of tables that one clause settles as a whole."""


class Figure(Struct, frozen=True):
    """A number that the text itself fixes, and its clause."""

    value: int
    clause: str


class Contract(Struct, frozen=True):
    """One published version: its template, the defaults it accepts, and its clauses by what they settle."""

    name: str
    version: str
    template: str
    terms_toml: str
    clause_of_term: dict[str, str]
    clause_of_table: dict[str, str]
    clause_of_line: dict[str, str]
    figures: dict[str, Figure]


@lru_cache(maxsize=32)
def published(name: str, version: str) -> Contract:
    """Return a published contract. Errors: NotFoundError."""
    # Compared with the folders that exist, so that no name can lead out of them.
    if version not in versions_of(name):
        raise NotFoundError(
            Sentence("There is no contract {name!r} of version {version!r}.", name=name, version=version)
        )
    folder = CONTRACTS / name / version
    clauses = cast("dict[str, dict[str, str]]", tomllib.loads(_read(folder / "clauses.toml")))
    return Contract(
        name=name,
        version=version,
        template=_read(folder / "agreement.html"),
        terms_toml=_read(folder / "terms.toml"),
        clause_of_term=clauses["terms"],
        clause_of_table=clauses["tables"],
        clause_of_line=clauses["lines"] | _named_later().get(f"{name}/{version}", {}),
        figures=msgspec.convert(clauses["figures"], dict[str, Figure]),
    )


@lru_cache(maxsize=1)
def _named_later() -> dict[str, dict[str, str]]:
    return cast("dict[str, dict[str, str]]", tomllib.loads(_read(CONTRACTS / "named_later.toml")))


def clause_of(contract: Contract, cited: str) -> str:
    """Return the number of the clause behind a cited key, table or kind of line.

    `commission.components[0]` is clause 4.2 as `commission.components` is, and `recovered` is 5.4.
    Errors: ValueError for what the contract does not know.
    """
    path = _INDEX.sub("", cited)
    for clauses in (contract.clause_of_term, contract.clause_of_table, contract.clause_of_line):
        if path in clauses:
            return clauses[path]
    raise ValueError(f"no clause of {contract.name} {contract.version} settles {cited!r}")


def figure_of(contract: Contract, name: str) -> Figure:
    """Return a number that the contract's text fixes. Errors: ValueError for one that it does not know."""
    if name not in contract.figures:
        raise ValueError(f"{contract.name} {contract.version} fixes no {name!r}")
    return contract.figures[name]


def must_settle(contract: Contract, terms_json: bytes) -> None:
    """Refuse terms that fill a key for which the contract has no clause: nobody could sign it.

    Errors: InvalidError that names each such key and the contract.
    """
    strangers = sorted(
        {
            _stranger(contract, key)
            for key in _keys(msgspec.json.decode(terms_json))
            if key not in contract.clause_of_term
        }
    )
    if strangers:
        named = f"{contract.name} {contract.version}"
        raise InvalidError(
            Sentence(
                "The contract {contract} has no clause for {keys}; choose a later version, or leave it out.",
                contract=named,
                keys=", ".join(strangers),
            ),
            fields=dict.fromkeys(
                strangers, Sentence("has no clause in the contract {contract}", contract=named)
            ),
        )


def _stranger(contract: Contract, key: str) -> str:
    """Return the whole table where the contract knows none of its keys, else the key."""
    names = key.split(".")
    tables = (".".join(names[:depth]) for depth in range(1, len(names)))
    known = contract.clause_of_term
    return next((t for t in tables if not any(one.startswith(f"{t}.") for one in known)), key)


def _keys(value: object, path: str = "") -> Iterator[str]:
    """Yield the path of each key, without the places in lists; a table without keys of its own is one."""
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            yield from _keys(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and path.rpartition(".")[2] not in _LADDERS:
        tables = [one for one in cast("list[object]", value) if isinstance(one, dict)]
        if tables or path in _LISTS:
            for one in tables:
                yield from _keys(one, path)
        else:
            yield path
    else:
        yield path


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

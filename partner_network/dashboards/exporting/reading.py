"""Read an export from its files alone; what was changed in them is told by file and row."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct
from msgspec.structs import force_setattr

from partner_network.dashboards.exporting import writing
from partner_network.dashboards.exporting.chained import DamagedError
from partner_network.dashboards.exporting.formats import (
    FORMAT,
    MANIFEST,
    FixedRate,
    History,
    Manifest,
    Receipt,
    Share,
)
from partner_network.dashboards.exporting.keeping import InFile, Shared
from partner_network.dashboards.verification import commissions
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.fact_rows import Click
from partner_network.dashboards.verification.money_rows import Revision
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

LEFT_IN_FILE = {"clicks": Click, writing.RECEIPTS: Receipt}
"""Files whose rows are gone through one by one, and which are by far the largest."""


class Export(Struct, frozen=True):
    """An export: the rows of our tables as verification reads them, and the export's own."""

    manifest: Manifest
    books: Books
    histories: list[History]
    shares: list[Share]
    fixed_rates: list[FixedRate]
    receipts: InFile[Receipt]
    clicks: InFile[Click]


def manifest_in(folder: Path) -> Manifest:
    """Return what an export says of itself. Errors: InvalidError where there is none that can be read."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as unreadable:
        raise InvalidError(
            Sentence("{folder} holds no export that can be read: {why}", folder=folder, why=str(unreadable))
        ) from None
    if manifest.format != FORMAT:
        raise InvalidError(
            Sentence(
                "This export has form {form}; this program reads form {ours}.",
                form=manifest.format,
                ours=FORMAT,
            )
        )
    return manifest


def read(folder: Path, manifest: Manifest) -> tuple[Export, list[str]]:
    """Return an export, and each file that is not as it was written with the first row at fault."""
    wanted: dict[str, type[Struct]] = {**writing.kinds(), writing.RECEIPTS: Receipt}
    faults = list(_strangers(folder, manifest, wanted))
    found: dict[str, Any] = {}
    for name, kind in wanted.items():
        there = InFile(folder / f"{name}.jsonl", kind, manifest.files.get(f"{name}.jsonl"))
        found[name] = there if name in LEFT_IN_FILE else []
        try:
            for row in _small(there, kind):
                if name not in LEFT_IN_FILE:
                    found[name].append(row)
        except DamagedError as damaged:
            faults.append(f"{name}.jsonl, {damaged}.")
    own = {name: found.pop(name) for name in (*writing.OWN, *LEFT_IN_FILE)}
    return Export(manifest, _books(found), **own), faults


def _small(rows: Iterable[Struct], kind: type[Struct]) -> Iterator[Struct]:
    """Yield rows, each keeping what checks ask of it and sharing with others what they say alike."""
    if kind in LEFT_IN_FILE.values():
        yield from rows
        return
    shared = Shared(kind)
    for row in rows:
        if isinstance(row, Revision):
            # The figures that explain it may be long; what is compared is what they come to.
            minor = commissions.minor_in(row)
            force_setattr(row, "inputs", "" if minor is None else f'{{"minor":{minor}}}')
        shared.share(row)
        yield row


def _strangers(folder: Path, manifest: Manifest, wanted: dict[str, type[Struct]]) -> Iterator[str]:
    there = {path.name for path in folder.iterdir()} - {MANIFEST}
    named = {f"{name}.jsonl" for name in wanted}
    for name in sorted(there - manifest.files.keys()):
        yield f"{name} is no file of this export."
    for name in sorted(manifest.files.keys() - named):
        yield f"{name} is nothing that this program knows."


def _books(rows: dict[str, list[Any]]) -> Books:
    """Return the rows as verification reads them; what a brand does not get is empty."""
    hints: dict[str, Any] = get_type_hints(Books)
    values = {name: _nothing(hints[name]) for name in Books.__struct_fields__}
    # Which payees are charities stands on their gifts: a list of all of them is nobody's.
    given = {one.charity_id for one in rows["commissions"] if one.charity_id is not None}
    return cast("Any", Books)(**{**values, **rows, "charities": given})


def _nothing(kind: Any) -> Any:
    """Return the empty value of a type: no rows, no count, no text."""
    origin = get_origin(kind)
    if origin in {list, set, dict}:
        return origin()
    if type(None) in get_args(kind):
        return None
    if isinstance(kind, type) and issubclass(kind, Struct):
        hints: dict[str, Any] = get_type_hints(kind)
        return cast("Any", kind)(**{name: _nothing(hints[name]) for name in kind.__struct_fields__})
    return kind()

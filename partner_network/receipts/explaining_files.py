"""Explain facts from files under terms from files, as JSON; what cannot be read is told in one line."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from partner_network.attribution import clauses, facts_file
from partner_network.kernel.errors import InvalidError
from partner_network.receipts import explaining, given_files


def explained(terms_paths: Sequence[Path], facts_path: Path) -> bytes:
    """Return every decision of a facts file as JSON, under one terms file or several dated ones.

    Errors: InvalidError of one line, which names the file and the path of the key at fault.
    """
    files, written = given_files.terms_of(terms_paths), given_files.rows_of(facts_path)
    try:
        found = explaining.explain(facts_file.distinct(written), files, clauses.newest(), written)
    except InvalidError as error:
        raise given_files.in_one_line("facts" if error.fields else "terms", error) from None
    except RecursionError:
        raise InvalidError(
            given_files.line("facts", "refunds", "undo each other too many times over")
        ) from None
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"

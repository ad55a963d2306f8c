"""Explain facts from files under terms from files, as JSON; what cannot be read is told in one line."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Terms
from partner_network.attribution import clauses, facts_file
from partner_network.commissions.rules import computing
from partner_network.kernel import sentences
from partner_network.kernel.errors import InvalidError
from partner_network.receipts import explaining


def explained(terms_paths: Sequence[Path], facts_path: Path) -> bytes:
    """Return every decision of a facts file as JSON, under one terms file or several dated ones.

    Errors: InvalidError of one line, which names the file and the path of the key at fault.
    """
    many = len(terms_paths) > 1
    files: list[Terms] = []
    for path in terms_paths:
        noun = f"terms {path}" if many else "terms"
        files.append(_terms(noun, _text(noun, path)))
    text = _text("facts", facts_path)
    try:
        facts = facts_file.read_facts(text)
    except InvalidError as error:
        raise _in_one_line("facts", error) from None
    try:
        found = explaining.explain(facts, files, clauses.newest())
    except InvalidError as error:
        raise _in_one_line("facts" if error.fields else "terms", error) from None
    except RecursionError:
        raise InvalidError(_line("facts", "refunds", "undo each other too many times over")) from None
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def _terms(noun: str, text: str) -> Terms:
    try:
        terms = terms_reading.read_terms(text)
        computing.versions_of([terms])
    except InvalidError as error:
        raise _in_one_line(noun, error) from None
    except RecursionError:
        raise InvalidError(_line(noun, "nested too deeply")) from None
    except OverflowError:
        raise InvalidError(_line(noun, "valid_from", "no calendar reaches that far")) from None
    except ValueError:
        raise InvalidError(_line(noun, "a number has too many digits")) from None
    return terms


def _text(noun: str, path: Path) -> str:
    try:
        # Some editors put a mark before the text, which says no more than that it is UTF-8.
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError(_line(noun, f"{path}", f"byte {error.start} is no UTF-8")) from None
    except OSError as error:
        raise InvalidError(_line(noun, f"{path}", error.strerror or type(error).__name__)) from None


def _in_one_line(noun: str, error: InvalidError) -> InvalidError:
    """Return the first mistake, and how many there are, on one line."""
    if not error.fields:
        return InvalidError(_line(noun, error.detail))
    path, why = next(iter(error.fields.items()))
    more = f" (and {len(error.fields) - 1} more)" if len(error.fields) > 1 else ""
    return InvalidError(_line(*((noun,) if path == noun else (noun, path)), why + more))


def _line(*parts: str) -> str:
    return sentences.joined([" ".join(part.split()) for part in parts], ": ")

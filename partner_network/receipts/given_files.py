"""Read the files a command is given; what cannot be read is told in one line, by file and path of the key."""

from collections.abc import Sequence
from pathlib import Path

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Terms
from partner_network.attribution import facts_file
from partner_network.attribution.facts_file import FactsFile
from partner_network.commissions.rules import computing
from partner_network.kernel import sentences
from partner_network.kernel.errors import InvalidError


def terms_of(paths: Sequence[Path]) -> list[Terms]:
    """Return the terms of each file. Errors: InvalidError of one line."""
    read: list[Terms] = []
    for path in paths:
        noun = f"terms {path}" if len(paths) > 1 else "terms"
        read.append(_terms(noun, _text(noun, path)))
    return read


def rows_of(path: Path) -> FactsFile:
    """Return the facts of a file as they are written. Errors: InvalidError of one line."""
    text = _text("facts", path)
    try:
        return facts_file.read_rows(text)
    except InvalidError as error:
        raise in_one_line("facts", error) from None


def _terms(noun: str, text: str) -> Terms:
    try:
        terms = terms_reading.read_terms(text)
        computing.versions_of([terms])
    except InvalidError as error:
        raise in_one_line(noun, error) from None
    except RecursionError:
        raise InvalidError(line(noun, "nested too deeply")) from None
    except OverflowError:
        raise InvalidError(line(noun, "valid_from", "no calendar reaches that far")) from None
    except ValueError:
        raise InvalidError(line(noun, "a number has too many digits")) from None
    return terms


def _text(noun: str, path: Path) -> str:
    try:
        # Some editors put a mark before the text, which says no more than that it is UTF-8.
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError(line(noun, f"{path}", f"byte {error.start} is no UTF-8")) from None
    except OSError as error:
        raise InvalidError(line(noun, f"{path}", error.strerror or type(error).__name__)) from None


def in_one_line(noun: str, error: InvalidError) -> InvalidError:
    """Return the first mistake, and how many there are, on one line."""
    if not error.fields:
        return InvalidError(line(noun, error.detail))
    path, why = next(iter(error.fields.items()))
    more = f" (and {len(error.fields) - 1} more)" if len(error.fields) > 1 else ""
    return InvalidError(line(*((noun,) if path == noun else (noun, path)), why + more))


def line(*parts: str) -> str:
    """Return parts as one line, whatever breaks of lines they hold."""
    return sentences.joined([" ".join(part.split()) for part in parts], ": ")

"""What the program says to people, and what the words of each language answer.

`python -m tests.languages.words [slice...]` brings the files in step: what is new is added with no
translation yet, what is no longer said goes.
"""

import ast
import functools
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from partner_network.languages import spoken

ROOT = Path(__file__).parents[2]
MAIL = ROOT / "assets" / "mail"
TEMPLATES = (".html", ".txt", ".mjml")
IN_TEMPLATES: Mapping[str, tuple[int, ...]] = {"_": (1,), "_n": (1, 2)}
Said = str | tuple[str, str]
IN_ENGLISH_ALONE = {"migrations", "operations", "sandbox"}
"""What only whoever runs an installation reads, at its command line, and the demo."""

IN_THE_CONTRACTS_LANGUAGE = {ROOT / "partner_network" / "agreements" / "templates" / "agreement.html"}
"""What is signed says around the contract's text what the contract's language says."""


def slices() -> Sequence[Path]:
    """Return every folder that keeps words of its own."""
    inside = (ROOT / "partner_network").iterdir()
    found = [one for one in inside if (one / "__init__.py").is_file() and one.name not in IN_ENGLISH_ALONE]
    return sorted([*found, ROOT / "admin"])


def sources_of(folder: Path) -> Sequence[Path]:
    """Return the files of a slice that say something; the letters' frames are those of notifications."""
    found = [
        path
        for path in folder.rglob("*")
        if path.suffix in {".py", *TEMPLATES} and path not in IN_THE_CONTRACTS_LANGUAGE
    ]
    if folder.name == "notifications" and MAIL.is_dir():
        found += [path for path in MAIL.rglob("*") if path.suffix in TEMPLATES]
    return sorted(found)


@functools.cache
def error_kinds() -> frozenset[str]:
    """Return the names of every error that is told to people."""
    bases = {
        node.name: {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for folder in slices()
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }
    kinds = {"PartnerNetworkError"}
    while more := {name for name, above in bases.items() if above & kinds} - kinds:
        kinds |= more
    return frozenset(kinds)


@functools.cache
def in_python() -> Mapping[str, tuple[int, ...]]:
    """Return which calls of Python say something, and by which of their arguments."""
    return {"say": (1,), "say_many": (1, 2), "Sentence": (1,)} | dict.fromkeys(error_kinds(), (1,))


def said_in(folder: Path) -> Mapping[Said, str]:
    """Return all that a slice says, each with the first place where it does."""
    said: dict[Said, str] = {}
    for path in sources_of(folder):
        for line, message in _extracted(path):
            key: Said = message if isinstance(message, str) else (message[0], message[1])
            if key and key != ("", ""):
                said.setdefault(key, f"{path.relative_to(ROOT)}:{line}")
    return said


def file_of(folder: Path, language: str) -> Path:
    """Return where a slice keeps its words of a language."""
    return folder / "words" / f"{language}.po"


def kept_in(path: Path, language: str) -> Mapping[Said, str | tuple[str, ...]]:
    """Return what a file of words answers; a fuzzy word is no answer."""
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        catalog = read_po(file, locale=language)
    return {one.id: "" if one.fuzzy else one.string for one in catalog if one.id}  # pyright: ignore[reportReturnType] - babel says list for what is a tuple


def brought_in_step(folder: Path, language: str) -> bytes:
    """Return a slice's file of words as it should be, with nothing where a translation is missing."""
    kept = kept_in(file_of(folder, language), language)
    catalog = Catalog(locale=language)
    for said in sorted(said_in(folder), key=str):
        catalog.add(said, kept.get(said, ("", "") if isinstance(said, tuple) else ""))  # pyright: ignore[reportArgumentType] - the same
    written = io.BytesIO()
    write_po(written, catalog, width=110, no_location=True, omit_header=True)
    return written.getvalue()


def _extracted(path: Path) -> Iterator[tuple[int, str | tuple[str, ...]]]:
    is_python = path.suffix == ".py"
    method = "python" if is_python else babel_extract
    keywords = in_python() if is_python else IN_TEMPLATES
    with path.open("rb") as file:
        for line, message, _, _ in extract(method, file, keywords=keywords, options={"encoding": "utf-8"}):  # pyright: ignore[reportArgumentType] - babel takes functions of any such shape
            yield line, message


def main() -> None:
    """Bring the words of the slices in step and name the files with missing translations."""
    for folder in slices():
        if sys.argv[1:] and folder.name not in sys.argv[1:]:
            continue
        for language in spoken.LANGUAGES:
            path = file_of(folder, language)
            if language == spoken.SOURCE or not (said_in(folder) or path.is_file()):
                continue
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(brought_in_step(folder, language))
            missing = [said for said, answer in kept_in(path, language).items() if not all(answer or [""])]
            if missing:
                sys.stdout.write(f"{path.relative_to(ROOT)}: {len(missing)} without a translation\n")


if __name__ == "__main__":
    main()

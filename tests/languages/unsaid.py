"""Finds words in templates and code that no translation can reach."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import Environment, nodes

from tests.languages import words

_TAG = re.compile(
    r"<!--.*?-->|<(?:script|style|mj-style)\b.*?</(?:script|style|mj-style)>|<[^>]*>", re.DOTALL
)
_ATTRIBUTE = re.compile(
    r"\b(?:aria-label|alt|title|placeholder|data-label|data-\w+-text|content)=\"([^\"]*)\""
)
_ENTITY = re.compile(r"&\w+;")
_WORD = re.compile(r"[A-Za-zÀ-ž]{2,}")
PROPER_NAMES = {"Partner network", "UTC", "CSV", "PDF", "API", "JSON", "XLSX", "QR", "URL", "SHA"} | {
    "SVG", "PNG", "curl", "Python",
    "width=device-width, initial-scale=1", "light dark", "noindex", "no-referrer"
}  # fmt: skip
"""What is the same in every language, and what of a page's head is no text."""


def in_template(path: Path) -> Sequence[str]:
    """Return the words of a template that stand outside of `_()`."""
    parsed = Environment(autoescape=True).parse(path.read_text())  # nothing is rendered
    outside = "".join(_outside(parsed)).replace("\0\0", "\0")
    named = [found for tag in re.findall(r"<[^>]*>", outside, re.DOTALL) for found in _ATTRIBUTE.findall(tag)]
    texts = [*_TAG.sub("\n", outside).splitlines(), *named]
    return [*(text.strip() for text in texts if _says_something(text)), *_loose_arguments(parsed)]


def in_module(path: Path) -> Iterator[str]:
    """Give the refusals of a module whose sentence is put together before anybody can translate it."""
    kinds = words.error_kinds()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in kinds | {"Sentence", "say", "say_many"}:
            said = [
                *node.args[: 2 if name == "say_many" else 1],
                *(_values_of_fields(node) if name in kinds else []),
            ]
            for one in said:
                if isinstance(one, ast.JoinedStr | ast.BinOp):
                    yield f"line {one.lineno}: {ast.unparse(one)}"
        if name in kinds:
            for one in _values_of_fields(node):
                if isinstance(one, ast.Constant):
                    yield f"line {one.lineno}: fields={{...: {ast.unparse(one)}}}, which must be a Sentence"


def _values_of_fields(call: ast.Call) -> list[ast.expr]:
    given = [one.value for one in call.keywords if one.arg == "fields"]
    return [value for one in given if isinstance(one, ast.Dict) for value in one.values]


def _outside(node: nodes.Node) -> Iterator[str]:
    """Give the text of a template in order, with a NUL for whatever an expression puts in."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.TemplateData):
            yield child.data
        elif isinstance(child, nodes.Expr) and isinstance(node, nodes.Output):
            yield "\0"
        else:
            yield from _outside(child)


def _says_something(text: str) -> bool:
    plain = _ENTITY.sub("", text).replace("\0", " ").strip()
    return plain not in PROPER_NAMES and bool(_WORD.search(plain)) and not _only_names(plain)


def _only_names(plain: str) -> bool:
    return all(word in PROPER_NAMES for word in _WORD.findall(plain))


def _loose_arguments(parsed: nodes.Template) -> Iterator[str]:
    """Give literals with a blank or a capital that a macro or a filter gets as they stand: they are words."""
    for call in parsed.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "_n", "asset", "may", "shown_id"}:
            continue
        for one in [*call.args, *(pair.value for pair in call.kwargs)]:
            yield from (word for word in _words_in(one) if _is_word(word))
    for output in parsed.find_all(nodes.CondExpr):
        for one in (output.expr1, output.expr2):
            if isinstance(one, nodes.Const) and _is_word(one.value):
                yield str(one.value)


def _words_in(node: nodes.Node) -> Iterator[str]:
    """Give the texts in an argument, but for those of a call inside of it, which is looked at by itself."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif not isinstance(node, nodes.Call):
        for child in node.iter_child_nodes():
            yield from _words_in(child)


def _is_word(value: object) -> bool:
    if (
        not isinstance(value, str)
        or value.startswith(("/", "#", "?", "http", "data-"))
        or value in PROPER_NAMES
    ):
        return False
    return bool(_WORD.search(value)) and (value[:1].isupper() or " " in value.strip())

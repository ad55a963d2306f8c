"""Mends what the library's tags leave open, so that a page is read aloud as it is meant (PDF/UA-1)."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeAlias

import pydyf

_Tag: TypeAlias = dict[str, Any]
_POINTS_PER_PIXEL = 0.75
_RUNNING = pydyf.Dictionary({"Type": "/Pagination"})


def mend(_document: object, file: pydyf.PDF) -> None:
    """Finish a file: running lines are no content, heads of tables say for what, drawings say where."""
    objects: list[Any] = file.objects
    catalog = file.catalog
    root = _at(objects, catalog["StructTreeRoot"])
    document = _at(objects, root["K"][0])
    linked: set[bytes] = set(document["K"])
    running: dict[bytes, set[int]] = defaultdict(set)
    for tag in objects:
        if not isinstance(tag, pydyf.Dictionary) or tag.get("Type") != "/StructElem":
            continue
        if tag["S"] == "/TH":
            tag["A"]["Scope"] = _scope(objects, tag)
        elif tag["S"] == "/Figure":
            tag["A"]["BBox"] = _on_paper(objects, tag)
        if tag["P"] == document.reference and tag.reference not in linked:
            for page, mark in _marks(objects, tag):
                running[page].add(mark)
    nums = _at(objects, root["ParentTree"])["Nums"]
    for page_reference, marks in running.items():
        page = _at(objects, page_reference)
        _unmark(_at(objects, page["Contents"]).stream, marks)
        parents = nums[2 * page["StructParents"] + 1]
        for mark in marks:
            parents[mark] = "null"
    if "AF" in catalog:  # the library names each attached file twice
        catalog["AF"] = pydyf.Array(dict.fromkeys(catalog["AF"]))


def _at(objects: list[Any], reference: bytes) -> Any:
    return objects[int(reference.split()[0])]


def _scope(objects: list[Any], head: _Tag) -> str:
    row = _at(objects, head["P"])
    return "/Column" if _at(objects, row["P"])["S"] == "/THead" else "/Row"


def _on_paper(objects: list[Any], figure: _Tag) -> pydyf.Array:
    """Return where a drawing is, in points from below; the library says it in pixels from above."""
    x1, y1, x2, y2 = (_POINTS_PER_PIXEL * length for length in figure["A"]["BBox"])
    height = _at(objects, figure["Pg"])["MediaBox"][3]
    return pydyf.Array((x1, height - y2, x2, height - y1))


def _marks(objects: list[Any], tag: _Tag) -> Iterator[tuple[bytes, int]]:
    for kid in tag["K"]:
        if isinstance(kid, int):
            yield tag["Pg"], kid
        else:
            yield from _marks(objects, _at(objects, kid))


def _unmark(stream: list[Any], marks: set[int]) -> None:
    """Say of some marked content that it is a running line; what is drawn last is found first."""
    left = set(marks)
    at = len(stream) - 1
    while left and at > 0:
        said = stream[at]
        if isinstance(said, dict) and said.get("MCID") in left:
            left.remove(said["MCID"])
            stream[at - 1 : at + 1] = ["/Artifact", _RUNNING]
        at -= 1

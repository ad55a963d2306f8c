"""Whatever is said to people can be said in each language."""

import string
from pathlib import Path

import pytest

from partner_network.languages import spoken
from tests.languages import unsaid, words

OTHERS = [language for language in spoken.LANGUAGES if language != spoken.SOURCE]
SLICES = words.slices()


def _fields(pattern: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("folder", SLICES, ids=lambda folder: folder.name)
def test_every_sentence_of_a_slice_is_said_in_each_language(folder: Path, language: str) -> None:
    kept = words.kept_in(words.file_of(folder, language), language)

    missing = [f"{place}: {said!r}" for said, place in words.said_in(folder).items() if not kept.get(said)]
    missing += [f"{said!r} has an empty form" for said, answer in kept.items() if not all(answer)]

    assert not missing, f"run python -m tests.languages.words {folder.name} and translate:\n" + "\n".join(
        missing
    )


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("folder", SLICES, ids=lambda folder: folder.name)
def test_no_file_keeps_words_that_nobody_says_any_more(folder: Path, language: str) -> None:
    path = words.file_of(folder, language)

    assert not path.is_file() or path.read_bytes() == words.brought_in_step(folder, language)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("folder", SLICES, ids=lambda folder: folder.name)
def test_a_translation_fills_in_what_the_sentence_fills_in(folder: Path, language: str) -> None:
    for said, answer in words.kept_in(words.file_of(folder, language), language).items():
        patterns = [said] if isinstance(said, str) else [*said]
        wanted = set().union(*(_fields(one) for one in patterns))
        for one in [answer] if isinstance(answer, str) else answer:
            # A form for one may leave the count out: "one statement".
            assert wanted - {"count"} <= _fields(one) <= wanted | {"count"}, (said, one)


@pytest.mark.parametrize("language", OTHERS)
def test_the_same_words_mean_the_same_in_every_slice(language: str) -> None:
    said_before: dict[words.Said, tuple[object, str]] = {}
    for folder in SLICES:
        for said, answer in words.kept_in(words.file_of(folder, language), language).items():
            before, place = said_before.setdefault(said, (answer, folder.name))
            assert answer == before, f"{said!r} in {folder.name} and in {place}"


@pytest.mark.parametrize("folder", SLICES, ids=lambda folder: folder.name)
def test_no_page_says_a_word_that_cannot_be_translated(folder: Path) -> None:
    found = {
        str(path.relative_to(words.ROOT)): loose
        for path in words.sources_of(folder)
        if path.suffix in words.TEMPLATES and (loose := unsaid.in_template(path))
    }

    assert not found


@pytest.mark.parametrize("folder", SLICES, ids=lambda folder: folder.name)
def test_no_refusal_is_put_together_before_it_can_be_translated(folder: Path) -> None:
    found = {
        str(path.relative_to(words.ROOT)): loose
        for path in words.sources_of(folder)
        if path.suffix == ".py" and (loose := list(unsaid.in_module(path)))
    }

    assert not found


def test_words_outside_of_the_translating_call_are_found_wherever_they_stand(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '{% extends "layout.html" %}<p title="Shown above">Hello {{ name }}, welcome</p>{{ _("fine") }}'
        '<a href="/x">{{ _("also fine") }}</a> · UTC {{ parts.notice("Not fine") }}'
        '{{ "Nor this" if x else "" }}'
    )
    module = tmp_path / "module.py"
    module.write_text(
        'raise InvalidError(f"{x} is wrong")\nraise InvalidError("Fine.", fields={"x": "no"})\n'
    )

    assert sorted(unsaid.in_template(page)) == ["Hello \0, welcome", "Nor this", "Not fine", "Shown above"]
    assert len(list(unsaid.in_module(module))) == 2

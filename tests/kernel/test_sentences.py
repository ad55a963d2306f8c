"""Sentences in a row stay sentences: each can still be said in another language."""

from partner_network.kernel.sentences import Sentence, joined, told
from partner_network.languages import catalogs, spoken


def test_what_is_wrong_with_each_input_is_told_in_a_row() -> None:
    row = told([("{name}", "is odd"), ("age", Sentence("at least {n}", n=3))])

    assert row == "{name}: is odd; age: at least 3"
    assert told([]) == ""


def test_a_row_of_sentences_is_said_in_the_language_of_its_reader() -> None:
    row = Sentence("{rows}", rows=joined([Sentence("Not Found"), "Ada", Sentence("Conflict")], ", "))

    with spoken.speaking("de"):
        said = catalogs.translated(row)
        alone = [catalogs.translated(Sentence(word)) for word in ("Not Found", "Conflict")]

    assert said == f"{alone[0]}, Ada, {alone[1]}"

import pytest

from partner_network.kernel import strict_json
from partner_network.kernel.errors import InvalidError


def refused(text: str) -> InvalidError:
    with pytest.raises(InvalidError) as caught:
        strict_json.read(text, "facts")
    return caught.value


def test_whole_numbers_are_exact_whatever_their_size() -> None:
    assert strict_json.read("[9007199254740993, 100000000000000000000000001, -1]", "facts") == [
        2**53 + 1,
        10**26 + 1,
        -1,
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"a": 1, "a": 1}', "a"),
        ('{"a": [{}, {"b": {"c": 1, "c": 2}}]}', "a[1].b.c"),
        ('{"a": 1, "b": 2, "b": 3, "a": 4}', "b"),
    ],
)
def test_a_key_that_is_there_twice_is_refused_by_its_path(text: str, path: str) -> None:
    assert dict(refused(text).fields) == {path: "is there twice"}


def test_half_a_character_is_refused_by_its_path_and_a_whole_one_is_read() -> None:
    assert list(refused('{"a": ["\\ud83d"]}').fields) == ["a[0]"]
    assert list(refused('{"a": "\\uDE00"}').fields) == ["a"]
    assert strict_json.read('"\\ud83d\\ude00"', "facts") == "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "The facts are no JSON: Expecting property name enclosed in double quotes: line 1 column 2"),
        ("[" * 100_000, "The facts are nested too deeply."),
        ("9" * 5_000, "The facts hold a number with too many digits."),
        ('"\t"', "The facts are no JSON: Invalid control character"),
    ],
)
def test_what_is_no_json_is_refused(text: str, why: str) -> None:
    assert refused(text).detail.startswith(why)

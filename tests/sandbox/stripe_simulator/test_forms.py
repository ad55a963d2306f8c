import pytest

from partner_network.sandbox.stripe_simulator import forms


@pytest.mark.parametrize(
    ("body", "decoded"),
    [
        ("", {}),
        ("amount=5000&currency=usd", {"amount": "5000", "currency": "usd"}),
        ("metadata[order]=7&metadata[brand]=a%26b", {"metadata": {"order": "7", "brand": "a&b"}}),
        ("expand[0]=a&expand[1]=b", {"expand": ["a", "b"]}),
        ("expand[]=a&expand[]=b", {"expand": ["a", "b"]}),
        ("expand[10]=c&expand[9]=b", {"expand": ["b", "c"]}),
        ("created[gte]=1&created[lt]=2", {"created": {"gte": "1", "lt": "2"}}),
        ("a[b][0][c]=d", {"a": {"b": [{"c": "d"}]}}),
        ("description=", {"description": ""}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("[]=x", {"0": "x"}),
    ],
)
def test_a_form_is_read_as_stripe_reads_it(body: str, decoded: dict[str, object]) -> None:
    assert forms.decode(body) == decoded

from collections.abc import Sequence

import pytest

from partner_network.gateways import outgoing
from partner_network.kernel import internet
from partner_network.kernel.errors import InvalidError

PUBLIC, INSIDE = "93.184.215.14", "127.0.0.1"


class Asked:
    """What would have gone over the wire, and what came back."""

    def __init__(self, *answers: outgoing.Fetched) -> None:
        self.addresses: list[str] = []
        self._answers = list(answers)

    async def __call__(self, address: str, target: internet.Target, *_: object) -> outgoing.Fetched:
        self.addresses.append(address)
        return self._answers.pop(0) if self._answers else outgoing.Fetched(target.url, 200, {}, b"")


async def a_name_that_changes_its_mind(host: str, _: int) -> Sequence[str]:
    """Answer with a good address the first time, and with ours from then on."""
    times = a_name_that_changes_its_mind.__dict__
    times[host] = times.get(host, 0) + 1
    return [PUBLIC] if times[host] == 1 else [INSIDE]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f.0.0.1/",
        "https://0177.0.0.1/", "https://[::1]/", "https://[::ffff:7f00:1]/", "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/", "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/",
        "https://0.0.0.0/", "https://localhost/", "https://10.0.0.1/", "https://192.168.1.1:8443/",
        "https://example.com:5432/", "http://example.com/", "file:///etc/passwd", "https://u:p@example.com/",
    ],
)  # fmt: skip
async def test_no_writing_of_an_inside_address_is_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()
    monkeypatch.setattr(outgoing, "_ask_at", asked)

    with pytest.raises(InvalidError):
        await outgoing.fetch(url)

    assert asked.addresses == []


async def test_a_name_that_changes_its_mind_is_asked_where_it_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Asked()
    monkeypatch.setattr(outgoing, "_ask_at", asked)

    await outgoing.fetch("https://rebinding.example/", resolve=a_name_that_changes_its_mind)
    with pytest.raises(InvalidError):
        await outgoing.fetch("https://rebinding.example/", resolve=a_name_that_changes_its_mind)

    assert asked.addresses == [PUBLIC]


@pytest.mark.parametrize(
    "location",
    ["https://127.0.0.1/", "http://169.254.169.254/", "https://inside.example/", "//127.0.0.1/", "file:///x"],
)
async def test_a_good_address_that_leads_inside_is_not_followed(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(host: str, _: int) -> Sequence[str]:
        return [INSIDE] if host in {"inside.example", "127.0.0.1"} else [PUBLIC]

    asked = Asked(outgoing.Fetched("https://good.example/", 302, {"location": location}, b""))
    monkeypatch.setattr(outgoing, "_ask_at", asked)

    with pytest.raises(InvalidError):
        await outgoing.fetch("https://good.example/", resolve=resolve)

    assert asked.addresses == [PUBLIC]

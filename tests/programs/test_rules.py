import pytest

from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.programs import rules
from partner_network.programs.rules import Status

GOOD = {
    "slug": "cd-club",
    "name": "CD club",
    "offer": "Records",
    "default_url": "https://groove.example/club",
    "hosts": ["groove.example"],
}


def refused_fields(*, sandbox: bool = False, **changed: object) -> list[str]:
    program = GOOD | changed
    with pytest.raises(InvalidError) as refused:
        rules.must_be_program(**program, sandbox=sandbox)  # pyright: ignore[reportArgumentType] - wrong on purpose
    return sorted(refused.value.fields)


def test_a_program_that_partners_can_promote_is_taken() -> None:
    rules.must_be_program(**GOOD, sandbox=False)  # pyright: ignore[reportArgumentType] - one table for all cases
    local = GOOD | {"default_url": "http://127.0.0.1:9000/", "hosts": ["127.0.0.1"]}
    rules.must_be_program(**local, sandbox=True)  # pyright: ignore[reportArgumentType] - the same


@pytest.mark.parametrize(
    "url",
    [
        "http://groove.example/",
        "https://evil.example/",
        "https://groove.example@evil.example/",
        "javascript:alert(1)",
        "https://groove.example/a b",
        "https://[groove.example/",
        "http://127.0.0.1/",
        "",
    ],
)
def test_a_program_leads_encrypted_to_its_own_hosts_alone(url: str) -> None:
    assert refused_fields(default_url=url) == ["default_url"]


@pytest.mark.parametrize(
    "host", ["*.example", "groove.example/path", "GROOVE.example", "https://groove.example", ""]
)
def test_a_host_is_a_plain_name(host: str) -> None:
    assert "destination_hosts" in refused_fields(hosts=[host, "groove.example"])


def test_all_mistakes_of_a_program_are_told_at_once() -> None:
    told = refused_fields(slug="X", name="", offer="x" * 3_000, hosts=[], default_url="nowhere")

    assert told == ["default_url", "destination_hosts", "name", "offer", "slug"]


def test_plain_http_is_for_a_sandboxs_own_machine_alone() -> None:
    assert refused_fields(default_url="http://groove.example/", sandbox=True) == ["default_url"]


@pytest.mark.parametrize(
    ("now", "wanted"),
    [("ended", "active"), ("declined", "in_review"), ("invited", "active"), ("active", "in_review")],
)
def test_a_partnership_skips_no_step_and_does_not_rise_again(now: Status, wanted: Status) -> None:
    with pytest.raises(ConflictError, match=f"is {now} and cannot become {wanted.replace('_', ' ')}"):
        rules.must_become(now, wanted)

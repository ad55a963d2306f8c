"""A brand's export proves its money without our database, and names what somebody changed in it."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from partner_network import cli
from partner_network.dashboards.exporting import verifying, writing
from partner_network.dashboards.exporting.chained import FIRST, Line, follows
from partner_network.dashboards.exporting.formats import MANIFEST, Manifest
from partner_network.database import connections
from tests.builders import RADIO, SHOP, SMALL, WEEKLY, at
from tests.conftest import FreshDatabase

Rows = list[dict[str, Any]]


def quiet(_: str, __: int) -> None:
    """Nobody watches."""


async def exported(brand: str, folder: Path) -> Manifest:
    return await writing.export(brand, folder / brand, at(5, 5), quiet)


@pytest.fixture
async def own(copy: FreshDatabase, tmp_path: Path) -> Path:
    """What Night Radio may see."""
    await exported(RADIO, tmp_path)
    assert copy.name
    return tmp_path / RADIO


def differences(folder: Path) -> list[str]:
    return [kind.difference for kind in verifying.verify(folder) if kind.difference is not None]


@pytest.mark.parametrize("brand", [SHOP, WEEKLY, RADIO, SMALL])
async def test_what_a_brand_gets_proves_itself(copy: FreshDatabase, tmp_path: Path, brand: str) -> None:
    manifest = await exported(brand, tmp_path)
    assert differences(tmp_path / brand) == []
    counts = {kind.name: kind.count for kind in verifying.verify(tmp_path / brand)}
    assert counts["commissions"] > 0 < counts["statements"]
    assert counts["receipts"] > 0
    assert manifest.files["statements.jsonl"].rows == len(manifest.statements), copy.name


async def test_an_advertiser_gets_all_its_partners(copy: FreshDatabase, tmp_path: Path) -> None:
    await exported(SHOP, tmp_path)
    kinds = {kind.name: kind.count for kind in verifying.verify(tmp_path / SHOP)}
    # All 26 of the network but what Tune House earns on other brands is its own.
    assert kinds["commissions"] >= 25, copy.name


async def test_of_other_partners_a_partner_gets_weights_and_hashes_alone(
    own: Path, copy: FreshDatabase
) -> None:
    async with connections.transaction() as connection:
        others = await connection.fetch(
            "SELECT id::text AS id, slug FROM brands WHERE slug = ANY($1::text[])", [WEEKLY, SMALL]
        )
        prepaid = await connection.fetch("SELECT id FROM ledger_accounts WHERE counterparty_id IS NULL")
    assert len(others) == len([WEEKLY, SMALL]), copy.name
    text = text_of(own)
    for other in others:
        assert other["id"] not in text
        assert other["slug"] not in text
    shares = rows_of(own, "shares")
    assert [one for one in shares if one["partnership_id"] is None], "no order is shared with another"
    held = {one["id"]: one["credits_posted_minor"] for one in rows_of(own, "accounts")}
    assert {held.get(row["id"], 0) for row in prepaid} == {0}


def text_of(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.iterdir())


def rows_of(folder: Path, name: str) -> Rows:
    lines = (folder / f"{name}.jsonl").read_text().splitlines()
    return [json.loads(line)["row"] for line in lines]


FILES = sorted(f"{name}.jsonl" for name in (*writing.kinds(), writing.RECEIPTS))


@pytest.mark.parametrize("name", FILES)
async def test_each_file_that_is_touched_is_named_with_its_row(own: Path, name: str) -> None:
    must_name_what_was_touched(own, name)


def must_name_what_was_touched(folder: Path, name: str) -> None:
    """Add a row to a file, alter one, take one away, and take the file: each is told by file and row."""
    path = folder / name
    lines = path.read_bytes().splitlines(keepends=True)
    middle = len(lines) // 2
    added = msgspec.json.encode({"n": middle + 1, "hash": "0" * 64, "row": {}}) + b"\n"
    touched: dict[str, list[bytes]] = {"added": [*lines[:middle], added, *lines[middle:]]}
    if lines:
        altered = lines[middle].replace(b'"row":{"', b'"row":{"x":1,"', 1)
        touched["altered"] = [*lines[:middle], altered, *lines[middle + 1 :]]
        touched["taken"] = [*lines[:middle], *lines[middle + 1 :]]
    for what, now in touched.items():
        path.write_bytes(b"".join(now))
        (only,) = differences(folder)
        assert only.startswith(f"{name}, row {middle + 1}: "), f"{what}: {only}"
    path.unlink()
    assert differences(folder) == [f"{name}, row 1: the file is missing."]


def forged(folder: Path, name: str, change: Callable[[Rows], object]) -> None:
    """Change rows, and hash everything again as somebody would who knows how."""
    rows = rows_of(folder, name)
    change(rows)
    last, lines = FIRST, list[bytes]()
    for n, row in enumerate(rows, start=1):
        said = msgspec.json.encode(row)
        last = follows(last, said)
        lines.append(msgspec.json.encode(Line(n, last, Raw(said))) + b"\n")
    (folder / f"{name}.jsonl").write_bytes(b"".join(lines))
    manifest = json.loads((folder / MANIFEST).read_text())
    sha256 = hashlib.sha256(b"".join(lines)).hexdigest()
    manifest["files"][f"{name}.jsonl"] = {"rows": len(rows), "last": last, "sha256": sha256}
    (folder / MANIFEST).write_text(json.dumps(manifest))


def more(key: str, by: int = 1, n: int = 0) -> Callable[[Rows], object]:
    return lambda rows: rows[n].update({key: rows[n][key] + by})


def gone(rows: Rows) -> object:
    return rows.pop(0)


def said(key: str, value: object, n: int = 0) -> Callable[[Rows], object]:
    return lambda rows: rows[n].update({key: value})


def own_share(rows: Rows) -> object:
    one = next(row for row in rows if row["partnership_id"] is not None and row["weight_denominator"] == "1")
    return one.update({"weight_denominator": "2"})


def other_click(rows: Rows) -> object:
    return rows[0].update({"at": "2026-01-01T00:00:00Z"})


def other_terms(rows: Rows) -> object:
    return rows[0].update({"terms_toml": rows[0]["terms_toml"] + "\n# and more"})


FORGERIES: list[tuple[str, Callable[[Rows], object], str]] = [
    ("conversions", more("net_minor", 10_000), "conversions.jsonl tells otherwise"),
    ("refunds", gone, "commissions.jsonl: "),
    ("adjustments", more("minor"), "commissions.jsonl: "),
    ("shares", own_share, "do not add up to one"),
    ("histories", gone, "which no row of this export has"),
    ("agreements", other_terms, "agreements.jsonl: "),
    ("signatures", gone, "agreements.jsonl: "),
    ("terms", said("valid_from", "2026-01-02T00:00:00Z"), "agreements.jsonl: "),
    ("commissions", said("period", "2025-01"), "counts in 2025-01"),
    ("revisions", more("target_minor"), "commissions.jsonl: "),
    ("transfers", more("amount_minor"), "entries.jsonl: "),
    ("entries", said("clause", "9.9"), "entries.jsonl: "),
    ("accounts", more("credits_posted_minor"), "accounts.jsonl: "),
    ("statements", more("closing_minor"), "statements.jsonl: "),
    ("statement_lines", more("amount_minor"), "statements.jsonl: "),
    ("approvals", more("closing_minor"), "approvals.jsonl: "),
    ("preparations", more("closing_minor"), "approvals.jsonl: "),
    ("payouts", more("amount_minor"), "payouts.jsonl: "),
    ("attempts", more("amount_minor"), "payouts.jsonl: "),
    ("receipts", said("root", "0" * 64), "receipts.jsonl: row 1"),
    ("holds", gone, ".jsonl: "),
    ("clicks", other_click, "clicks.jsonl"),
]


@pytest.mark.parametrize(("name", "change", "says"), FORGERIES, ids=[name for name, _, _ in FORGERIES])
async def test_a_forger_who_hashes_everything_again_is_found_by_the_figures(
    copy: FreshDatabase, tmp_path: Path, name: str, change: Callable[[Rows], object], says: str
) -> None:
    await exported(SHOP, tmp_path)
    await exported(RADIO, tmp_path)
    for brand in (RADIO, SHOP):
        if not rows_of(tmp_path / brand, name):
            continue
        forged(tmp_path / brand, name, change)
        found = differences(tmp_path / brand)
        assert found, f"{name} of {brand} in {copy.name}"
        if brand == RADIO:
            assert any(says in one for one in found), found


def test_the_command_line_verifies_without_a_database(
    own_files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert cli.main(["verify", "--export", str(own_files)]) == cli.DONE
    assert "commissions" in capsys.readouterr().out
    line = (own_files / "payouts.jsonl").read_text()
    (own_files / "payouts.jsonl").write_text(line.replace("00", "01", 1))
    assert cli.main(["verify", "--export", str(own_files)]) == cli.DIFFERS
    assert "payouts.jsonl, row 1" in capsys.readouterr().err
    assert cli.main(["verify", "--export", str(own_files / "nowhere")]) == cli.CANNOT


@pytest.fixture
def own_files(own: Path, tmp_path: Path) -> Path:
    """A copy of the files, far from any database."""
    return Path(shutil.copytree(own, tmp_path / "sent"))

from pathlib import Path

import pytest

from partner_network.operations.checks import machine
from partner_network.settings import Settings
from tests.operations.checks.looking import look, replaced


async def test_a_base_address_is_encrypted_or_this_machine(settings: Settings) -> None:
    for address, level in {
        "https://network.example": "ok",
        "http://127.0.0.1:8000": "ok",
        "http://localhost:8000": "ok",
        "http://network.example": "FAILED",
        "network.example": "FAILED",
    }.items():
        assert (await look(machine.base_url, replaced(settings, base_url=address))).level == level, address


async def test_a_secret_key_has_many_different_characters(settings: Settings) -> None:
    assert (await look(machine.keys, settings)).level == "ok"
    for weak in (b"s" * 64, b"abcdabcdabcdabcdabcdabcdabcdabcdabcd", b"short but rich 0123"):
        assert (await look(machine.keys, replaced(settings, secret_key=weak))).level == "FAILED"


async def test_a_network_without_an_operator_cannot_sign(settings: Settings) -> None:
    assert (await look(machine.operator, settings)).level == "ok"
    assert (await look(machine.operator, replaced(settings, operator=None))).level == "warning"


async def test_zones_must_be_known_here_and_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await look(machine.zones, settings)).level == "ok"
    monkeypatch.setattr(machine, "ZONES", ("Europe/Berlin", "Nowhere/Atlantis"))
    assert "Nowhere/Atlantis is not known here" in (await look(machine.zones, settings)).sentence
    monkeypatch.setattr(machine, "ZoneInfo", str)
    assert "database does not know" in (await look(machine.zones, settings)).sentence


async def test_missing_pdf_libraries_are_named_with_what_to_install(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(name: str) -> None:
        raise OSError(f"cannot load library 'libpango-1.0-0' for {name}")

    assert (await look(machine.pdf, settings)).level == "ok"
    monkeypatch.setattr(machine.importlib, "import_module", gone)
    found = await look(machine.pdf, settings)
    assert (found.level, found.to_do) == ("FAILED", "Mend it.")
    assert "libpango" in found.sentence


def is_on(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    def answer(_: Path) -> str:
        return kind

    monkeypatch.setattr(machine, "kind_of_disk", answer)


async def test_a_spool_is_a_folder_on_a_disk_that_can_be_written(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_on(monkeypatch, "ext4")
    assert (await look(machine.spool, settings)).level == "ok"
    assert not settings.spool_folder.exists()  # whoever looks may not be who will write
    settings.spool_folder.mkdir(parents=True)
    assert (await look(machine.spool, settings)).level == "ok"
    assert list(settings.spool_folder.iterdir()) == []

    (tmp_path / "file").touch()
    assert (await look(machine.spool, replaced(settings, data_folder=tmp_path / "file"))).level == "FAILED"
    for kind, level in {"tmpfs": "FAILED", "overlay": "warning"}.items():
        is_on(monkeypatch, kind)
        assert (await look(machine.spool, settings)).level == level


async def test_clicks_that_nobody_holds_or_that_were_refused_are_counted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_on(monkeypatch, "ext4")
    settings.spool_folder.mkdir(parents=True)
    (settings.spool_folder / "left.clicks").write_bytes(b"{}\n{}\n")
    found = await look(machine.spool, settings)
    assert (found.level, found.sentence) == ("warning", "2 clicks wait in 1 files that no process holds.")
    (settings.spool_folder / "left.refused").write_bytes(b"{}\n")
    assert (await look(machine.spool, settings)).level == "FAILED"


def test_the_kind_of_a_disk_is_that_of_its_nearest_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/a / overlay rw 0 0\ntmpfs /app/my\\040data tmpfs rw 0 0\n")
    monkeypatch.setattr(machine, "MOUNTS", mounts)
    assert machine.kind_of_disk(Path("/app/my data/spool")) == "tmpfs"
    assert machine.kind_of_disk(Path("/app/mine")) == "overlay"
    monkeypatch.setattr(machine, "MOUNTS", tmp_path / "none")
    assert machine.kind_of_disk(Path("/app")) == "unknown"

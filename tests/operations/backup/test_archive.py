"""The file itself: whole or refused, and nothing in it can land elsewhere."""

import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from partner_network.kernel.errors import InvalidError
from partner_network.operations.backup import archive
from partner_network.operations.backup.archive import Digest, Manifest, Writer

AT = datetime(2026, 11, 22, tzinfo=UTC)
CONTENT = b"dump" * 1_000


def write(path: Path, **changed: object) -> Path:
    dump, files = archive.hashlib.sha256(), Digest()
    with Writer(path) as writer:
        writer.add(archive.DUMP, io.BytesIO(CONTENT), AT, dump.update)
        name = f"{archive.FILES}{'long/' * 50}name.pdf"
        files.begin(name, 3)
        writer.add(name, io.BytesIO(b"pdf"), AT, files.update)
        manifest = Manifest(
            format=archive.FORMAT, product_version="1", taken_at=AT, migration="m", server_version=180_000,
            dumped_by=18, owner="o", rows={}, unlogged=[], dump_sha256=dump.hexdigest(),
            files_sha256=files.hexdigest(), file_count=1, files_are_elsewhere=False, audit_head=None,
        )  # fmt: skip
        body = msgspec.json.encode(msgspec.to_builtins(manifest) | changed)
        writer.add(archive.MANIFEST, io.BytesIO(body), AT, lambda _: None)
    return path


def test_what_was_written_is_read_and_long_names_are_kept(tmp_path: Path) -> None:
    with archive.opened(write(tmp_path / "b.tar")) as backup:
        assert backup.dump().read() == CONTENT
        assert [(str(place)[-13:], file.read()) for place, file in backup.files()] == [
            ("long/name.pdf", b"pdf")
        ]


@pytest.mark.parametrize("at", [600, 5_500, -1_200])
def test_a_single_changed_byte_is_found(tmp_path: Path, at: int) -> None:
    path = write(tmp_path / "b.tar")
    content = bytearray(path.read_bytes())
    while content[at] == 0:
        at -= 1
    content[at] ^= 1
    path.write_bytes(content)
    with pytest.raises(InvalidError), archive.opened(path):
        pass


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.75])
def test_a_backup_that_was_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    path = write(tmp_path / "b.tar")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InvalidError, match=r"is no backup|was cut off"), archive.opened(path):
        pass


def test_something_else_is_no_backup(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear operator" * 100)
    with pytest.raises(InvalidError, match="is no backup"), archive.opened(tmp_path / "letter"):
        pass


@pytest.mark.parametrize(
    "changed", [{"format": 2}, {"format": "x"}, {"rows": 7}, {"surprise": 1}, {"dump_sha256": "0" * 64},
                {"file_count": 2}]
)  # fmt: skip
def test_a_manifest_that_says_otherwise_is_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    with pytest.raises(InvalidError), archive.opened(write(tmp_path / "b.tar", **changed)):
        pass


@pytest.mark.parametrize(
    "name", ["files/../../etc/passwd", "files//etc/passwd", "/etc/passwd", "other", "files/"]
)
def test_a_file_that_would_lie_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "b.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(InvalidError, match=r"outside the folder|no backup of ours"), archive.opened(path):
        pass


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_only_plain_files_are_taken(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "b.tar"
    with tarfile.open(path, "w") as tar:
        odd = tarfile.TarInfo("files/odd")
        odd.type, odd.linkname = kind, "/etc/passwd"
        tar.addfile(odd)
    with pytest.raises(InvalidError, match="no plain file"), archive.opened(path):
        pass


def test_a_backup_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    class FullDisk(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            del size
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"), Writer(tmp_path / "b.tar") as writer:
        writer.add(archive.DUMP, FullDisk(), AT, lambda _: None)
    assert list(tmp_path.iterdir()) == []

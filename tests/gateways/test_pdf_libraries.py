"""What the pages need of a machine comes with each way to set one up."""

import re

from partner_network.gateways import pdf


def test_the_image_and_the_set_up_bring_the_same_libraries_and_typefaces() -> None:
    # Names of companies are of all scripts; without a typeface for one, its letters would be empty boxes.
    root = pdf.ASSETS.parent
    wanted = [
        set(re.findall(r"\b(?:lib|fonts-)[a-z0-9.-]+", line))
        for name in ("Dockerfile", "bin/shared/set-up.bash")
        for line in (root / name).read_text().splitlines()
        if "libpango-1.0-0 " in line
    ]
    assert wanted[0] == wanted[1] == {*pdf.LIBRARIES.split(), "fonts-dejavu-core", "fonts-droid-fallback"}

"""Which files may become creatives; what a file says of itself is never believed."""

import io
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec
from PIL import Image, UnidentifiedImageError

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

SIZE_BYTES_MAX = 20_000_000
PIXELS_MAX = 25_000_000
Image.MAX_IMAGE_PIXELS = PIXELS_MAX  # the library's own guard, before it reads a single point
TITLE_CHARACTERS_MAX = 120
_STEM_CHARACTERS_MAX = 80

Format = Literal["PNG", "JPEG", "WEBP"]
CONTENT_TYPE_OF: Mapping[Format, str] = MappingProxyType(
    {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
)
_EXTENSION_OF: Mapping[Format, str] = MappingProxyType({"PNG": "png", "JPEG": "jpg", "WEBP": "webp"})
_UNNAMED = re.compile(r"[^A-Za-z0-9._-]+")


class Picture(msgspec.Struct, frozen=True):
    """A picture as we made it anew: pixels alone, without what else was in the upload."""

    content: bytes
    format: Format

    @property
    def content_type(self) -> str:
        """Return the content type that the pixels really have."""
        return CONTENT_TYPE_OF[self.format]


def must_be_title(title: str) -> str:
    """Return the title without outer blanks; refuse none and overlong ones."""
    title = title.strip()
    if not 0 < len(title) <= TITLE_CHARACTERS_MAX:
        raise InvalidError(
            Sentence(
                "A title has 1 to {most} characters.",
                most=TITLE_CHARACTERS_MAX,
            ),
            fields={"title": Sentence("empty or too long")},
        )
    return title


def format_of(content: bytes) -> Format:
    """Tell the type from the file's first bytes. Errors: InvalidError for anything but three kinds."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    raise InvalidError(
        "This is no PNG, JPEG or WebP picture; upload one.", fields={"file": Sentence("not a picture")}
    )


def made_anew(content: bytes) -> Picture:
    """Read a picture and write its pixels anew: hidden programs, places and names do not survive.

    Takes up to a second of processor time: call it in a thread.
    """
    if len(content) > SIZE_BYTES_MAX:
        raise InvalidError(
            Sentence(
                "The file is too large; it may have at most {megabytes} MB.",
                megabytes=SIZE_BYTES_MAX // 1_000_000,
            ),
            fields={"file": Sentence("too large")},
        )
    kind = format_of(content)
    try:
        return Picture(_written(content, kind), kind)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError):
        raise InvalidError(
            "The picture cannot be read; save it anew in a picture program and upload that.",
            fields={"file": Sentence("damaged")},
        ) from None


def file_name_of(title: str, kind: Format) -> str:
    """Return the name under which a creative is downloaded: its title, in harmless letters."""
    stem = _UNNAMED.sub("-", title).strip("-.")[:_STEM_CHARACTERS_MAX] or "creative"
    return f"{stem.lower()}.{_EXTENSION_OF[kind]}"


def _written(content: bytes, kind: Format) -> bytes:
    with Image.open(io.BytesIO(content), formats=[kind]) as opened:
        if opened.width * opened.height > PIXELS_MAX:
            raise InvalidError(
                Sentence(
                    "The picture has {width} x {height} points; at most {millions} million are taken.",
                    width=opened.width,
                    height=opened.height,
                    millions=PIXELS_MAX // 1_000_000,
                ),
                fields={"file": Sentence("too many points")},
            )
        opened.load()
        mode = "RGB" if kind == "JPEG" or opened.mode in {"RGB", "L", "CMYK", "YCbCr"} else "RGBA"
        pixels = Image.new(mode, opened.size)
        pixels.paste(opened if opened.mode == mode else opened.convert(mode))
    written = io.BytesIO()
    pixels.save(written, kind, **({"quality": 90} if kind != "PNG" else {"optimize": False}))
    return written.getvalue()

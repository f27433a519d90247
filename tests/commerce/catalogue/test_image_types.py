"""What an image is by its first bytes, whatever it is called."""

from __future__ import annotations

import pytest

from chalicelib.commerce.catalogue.image_types import ENDINGS, TYPES, type_of

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 "
AVIF = b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (JPEG, "image/jpeg"),
        (PNG, "image/png"),
        (WEBP, "image/webp"),
        (AVIF, "image/avif"),
        (b"\x00\x00\x00\x20ftypmif1\x00\x00\x00\x00mif1avifmiafMA1B", "image/avif"),
        (b"\x00\x00\x00\x18ftypavis\x00\x00\x00\x00avismsf1", "image/avif"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42", None),
        (b"\x00\x00\x00\x18ftypmp42avifisommp42", None),
        (b"\x00\x00\x00\x10ftypmif1\x00\x00\x00\x00avif", None),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", None),
        (b"GIF89a", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
        (b"<script>alert(1)</script>", None),
        (b" \x89PNG\r\n\x1a\n", None),
        (b"\xff\xd8", None),
        (b"", None),
    ],
)
def test_an_image_is_known_by_its_first_bytes(head: bytes, kind: str | None) -> None:
    assert type_of(head) == kind


def test_each_type_has_one_ending() -> None:
    assert {TYPES[ending] for ending in ENDINGS.values()} == set(ENDINGS)
    assert len(set(ENDINGS.values())) == 4

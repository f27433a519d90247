"""Which images the shop takes, and how their first bytes tell them apart. Pure."""

from __future__ import annotations

# The ending of a name by type, and the type by ending.
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/avif": "avif"}
TYPES = {ending: kind for kind, ending in ENDINGS.items()}

HEAD = 64  # bytes that `type_of` looks at


def type_of(head: bytes) -> str | None:
    """Return the type of the image that begins with `head`; None when it is none that the shop takes.

    Source: the signatures of ISO/IEC 10918-1 (JPEG), RFC 2083 (PNG), RFC 9649 (WebP) and ISO/IEC 23008-12 (AVIF).
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and _brands(head) & {b"avif", b"avis"}:
        return "image/avif"
    return None


def _brands(head: bytes) -> set[bytes]:
    """Return the brands of a file type box: the major one, and after its version the compatible ones."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))}

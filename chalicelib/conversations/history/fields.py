"""The fields that bodies about conversations are made of, with their bounds."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.core.bodies import Text
from chalicelib.core.inputs import AS_WHOLE, Line, Prose

MAX_CONTENT = 10_000
# 64 KB, and what MySQL's TEXT holds.
MAX_JSON_BYTES = 64_000
MAX_TAGS = 20
MAX_ATTACHMENTS = 50

_MOST_MS = 24 * 3_600_000
_MOST_TOKENS = 10_000_000


def _bounded_json(value: Any) -> Any:
    try:
        text = msgspec.json.encode(value)
        same = msgspec.json.decode(text) == value
    except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        same = False
    if not same:  # a NaN or an infinity would be kept as null
        raise ValueError("must be JSON, whose numbers are finite")
    if len(text) > MAX_JSON_BYTES:
        raise ValueError(f"must be at most {MAX_JSON_BYTES} bytes as JSON, not {len(text)}")
    return value


def _distinct(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tag.strip() for tag in tags))


JsonObject = Annotated[dict[str, Any], AfterValidator(_bounded_json), Field(examples=[{"source": "app"}])]
Attachments = Annotated[
    list[Any],
    Field(max_length=MAX_ATTACHMENTS, examples=[[{"type": "image", "url": "https://example.com/a.png"}]]),
    AfterValidator(_bounded_json),
]

Title = Annotated[Text, Field(max_length=255, examples=["Jeans for autumn"])]
Description = Annotated[Prose, Field(max_length=5_000)]
ModelName = Annotated[Line, Field(max_length=100, examples=["gpt-4o"])]
Tags = Annotated[
    list[Annotated[Line, Field(max_length=50)]],
    Field(max_length=MAX_TAGS, examples=[["shopping", "jeans"]]),
    AfterValidator(_distinct),
]

# Trimmed first.
Content = Annotated[
    Prose,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CONTENT),
    Field(examples=["Do you have these jeans in blue?"]),
]
Language = Annotated[str, Field(max_length=8, pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$", examples=["en", "de"])]
ClientMessageId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[!-~]+$",
        description="The sender's own name of the message, such as a UUID: sent again, it is stored once.",
        examples=["c0a8012e-17"],
    ),
]
SessionId = Annotated[
    str,
    Field(
        max_length=36,
        pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
        examples=["01940d2c-4c7a-7d10-9a55-2f6f0f8f4b11"],
    ),
]
Milliseconds = Annotated[int, Field(ge=0, le=_MOST_MS), AS_WHOLE]
Tokens = Annotated[int, Field(ge=0, le=_MOST_TOKENS), AS_WHOLE]
Confidence = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

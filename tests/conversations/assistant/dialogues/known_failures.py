"""Dialogues that are known to fail, each with the reason; docs/assistant-dialogues.md names them too."""

from __future__ import annotations

from collections.abc import Mapping

KNOWN: Mapping[str, str] = {}

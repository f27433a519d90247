"""The shop's policies over HTTP: for everybody to read, for staff to write. Texts stay markdown."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.conversations.assistant.turns import Language
from chalicelib.conversations.policies import policies, policy_texts
from chalicelib.conversations.policies.policies import TooManyPolicies
from chalicelib.conversations.policies.policy_texts import Policy
from chalicelib.core.auth import PUBLIC, STAFF
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.inputs import Prose
from chalicelib.core.routes import Routes

routes = Routes("Assistant")


class LanguageQuery(BaseModel):
    """Which language is wished for."""

    model_config = ConfigDict(extra="forbid")

    language: Language = "en"


class PolicyQuery(LanguageQuery):
    """Which language is wished for, and whether the text is to be edited."""

    source: bool = Field(False, description="The text as it is edited, with `{return_days}` in place of the number.")


class PolicyEntry(BaseModel):
    """A topic that the shop has a text about."""

    topic: str
    title: str
    language: Language = Field(description="Of the title.")
    languages: list[Language] = Field(description="In which the text is there.")
    own: bool = Field(description="Whether the shop wrote it; else it came with the software.")


class PolicyList(BaseModel):
    """All topics."""

    policies: list[PolicyEntry]


class PolicySection(BaseModel):
    """A part of a text; what stands above the first heading has no title."""

    title: str | None
    text: str


class PolicyPage(PolicyEntry):
    """A text, whole (markdown) and in its sections."""

    text: str
    sections: list[PolicySection]


class NewPolicyText(BaseModel):
    """What the shop says about a topic in a language."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "language": "en",
                    "text": "# Returns\n\n## How long\n\nYou have {return_days} days. We pay the way back.\n",
                }
            ]
        },
    )

    language: Language
    text: Prose = Field(
        min_length=1,
        max_length=policy_texts.MAX_CHARACTERS,
        description="Markdown: the first line is the title (`# …`), each `## …` begins a section. "
        f"Filled in: {', '.join(f'`{{{name}}}`' for name in policy_texts.FACTS)}.",
    )


@routes.get("/policies", access=PUBLIC, response=PolicyList, errors=[Unavailable])
def list_policies(query: LanguageQuery) -> dict[str, Any]:
    """List the topics that the shop has a text about: shipping, returns, payment and whatever it added."""
    return {"policies": [_entry(policy, languages) for policy, languages in policies.list_policies(query.language)]}


@routes.get("/policies/{topic}", access=PUBLIC, response=PolicyPage, errors=[NotFound, Unavailable])
def get_policy(topic: str, query: PolicyQuery) -> dict[str, Any]:
    """Show what the shop says about a topic; in another language (`language` tells) where it is not in that one."""
    return _page(topic, query.language, source=query.source)


@routes.put(
    "/policies/{topic}", access=STAFF, response=PolicyPage, errors=[TooManyPolicies, Unavailable], idempotency=None
)
def put_policy(topic: str, body: NewPolicyText) -> dict[str, Any]:
    """Write what the shop says about a topic, one of those that are there or a new one.

    From then on the text that came with the software about this topic is not used any more, in no language. Other
    processes see the change within `POLICIES_TTL_S`.
    """
    policies.put_policy(topic, body.language, body.text)
    return _page(topic, body.language, source=False)


@routes.delete(
    "/policies/{topic}",
    access=STAFF,
    response=None,
    status=204,
    errors=[NotFound, Unavailable],
    idempotency=None,
)
def delete_policy(topic: str, query: LanguageQuery) -> None:
    """Take a text of the shop away; what came with the software counts again, where there is such."""
    policies.delete_policy(topic, query.language)


def _page(topic: str, language: Language, *, source: bool) -> dict[str, Any]:
    policy, languages = policies.get_policy(topic, language)
    return {
        **_entry(policy, languages),
        "text": policies.get_source(policy) if source else policy.text,
        "sections": [{"title": section.title, "text": section.text} for section in policy.sections],
    }


def _entry(policy: Policy, languages: list[Language]) -> dict[str, Any]:
    return {
        "topic": policy.topic,
        "title": policy.title,
        "language": policy.language,
        "languages": languages,
        "own": policy.own,
    }

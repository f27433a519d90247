"""The rules of policies: whose text counts, who changes it, and what is known of it without asking the bucket again.

A text lies in the bucket at `policies/<language>/<topic>.md`; the texts of `texts/` stand in for topics that the shop
has not written about.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from chalicelib.conversations.assistant.turns import Language, PolicyFact
from chalicelib.conversations.policies import policy_facts, policy_ranking, policy_texts
from chalicelib.conversations.policies.policy_ranking import Index
from chalicelib.conversations.policies.policy_texts import LANGUAGES, TOPICS, Policy
from chalicelib.core import blobs, logging
from chalicelib.core.blobs import Blob, Blobs
from chalicelib.core.config import settings
from chalicelib.core.errors import Conflict, InvalidInput, NotFound, Unavailable

_FOLDER = "policies"
_TEXTS = Path(__file__).parent / "texts"
_MAX_BYTES = 4 * policy_texts.MAX_CHARACTERS
_MOST_FILES = 2 * (len(TOPICS) + policy_texts.MAX_OWN_TOPICS)  # of a language that are read


class TooManyPolicies(Conflict):
    """The shop has as many topics as it may have."""

    code = "too-many-policies"
    title = "Too many policies"


@dataclass(frozen=True, slots=True)
class _OwnText:
    """A text of the shop, and which version of its file it is."""

    version: str
    text: str


# The shop's own texts by topic and language.
_OwnTexts = Mapping[tuple[str, Language], _OwnText]


@dataclass(frozen=True, slots=True)
class _Known:
    """What this process knows of the bucket's policies, since when (of a clock that only runs on)."""

    own: _OwnTexts
    policies: Mapping[tuple[str, Language], Policy]
    indexes: Mapping[Language, Index]
    read_at: float


# Of the place that a process has; a run of tests has several, one after the other.
_known: dict[Blobs, _Known] = {}
_reading = threading.Lock()


# --- reading -----------------------------------------------------------------------------------------------------


def list_policies(language: Language) -> list[tuple[Policy, list[Language]]]:
    """Return each topic's text, in `language` where there is one, with the languages that it is there in."""
    known = _look()
    topics = sorted({topic for topic, _ in known.policies}, key=_order)
    return [(_text_of(known, topic, language), _languages_of(known, topic)) for topic in topics]


def get_policy(topic: str, language: Language) -> tuple[Policy, list[Language]]:
    """Return the text of a topic, in `language` where there is one, with the languages that it is there in.

    Raises:
        NotFound: the shop has no such topic.
    """
    known = _look()
    languages = _languages_of(known, topic)
    if not languages:
        raise NotFound(f"There is no policy {topic[: policy_texts.MAX_TOPIC_LENGTH]}.")
    return _text_of(known, topic, language), languages


def get_source(policy: Policy) -> str:
    """Return a text as it is edited: with the names of facts in place of the facts."""
    own = _look().own.get((policy.topic, policy.language)) if policy.own else None
    return policy_texts.tidy(own.text) if own else _default_text(policy.topic, policy.language) or policy.text


def find_sections(question: str, topic: str | None, language: Language) -> list[PolicyFact]:
    """Return the sections of the policies that fit a question, the best first, at most three; none when nothing fits.

    A question that nothing fits in `language` may be in another one: that is tried too. With a topic whose sections
    do not fit the question, its first ones are returned.
    """
    known = _look()
    for each in (language, *(other for other in LANGUAGES if other != language)):
        found = policy_ranking.rank(known.indexes[each], question, topic=topic)
        if found:
            return found
    return policy_ranking.beginning(known.indexes[language], topic) if topic is not None else []


def _order(topic: str) -> tuple[int, str]:
    return (TOPICS.index(topic) if topic in TOPICS else len(TOPICS), topic)


def _languages_of(known: _Known, topic: str) -> list[Language]:
    return [language for language in LANGUAGES if (topic, language) in known.policies]


def _text_of(known: _Known, topic: str, language: Language) -> Policy:
    return known.policies.get((topic, language)) or known.policies[topic, _languages_of(known, topic)[0]]


# --- changing ----------------------------------------------------------------------------------------------------


def put_policy(topic: str, language: Language, text: str) -> None:
    """Keep the shop's own text about a topic. From then on it counts in place of what came with the software.

    Raises:
        InvalidInput: the name of the topic or the text is not what it must be.
        TooManyPolicies: there are as many topics as there may be.
    """
    if not re.fullmatch(policy_texts.TOPIC, topic) or len(topic) > policy_texts.MAX_TOPIC_LENGTH:
        raise InvalidInput.at(
            "path.topic",
            f"must be words of a-z and 0-9 with - between them, {policy_texts.MAX_TOPIC_LENGTH} characters at most",
        )
    text = policy_texts.tidy(text)
    wrong = policy_texts.objection(text)
    if wrong is not None:
        raise InvalidInput.at("body.text", wrong)
    forget()
    known = _look()
    theirs = {name for name, _ in known.own} - set(TOPICS)
    if topic not in theirs and topic not in TOPICS and len(theirs) >= policy_texts.MAX_OWN_TOPICS:
        raise TooManyPolicies(f"A shop may have {policy_texts.MAX_OWN_TOPICS} topics of its own.")
    blobs.store().put(_key(topic, language), text.encode(), "text/markdown; charset=utf-8")
    forget()


def delete_policy(topic: str, language: Language) -> None:
    """Take the shop's own text away: what came with the software counts again, where there is such.

    Raises:
        NotFound: the shop has written no such text.
    """
    forget()
    if (topic, language) not in _look().own:
        raise NotFound(
            f"The shop has no text of its own about {topic[: policy_texts.MAX_TOPIC_LENGTH]} in {language}."
        )
    blobs.store().delete(_key(topic, language))
    forget()


def forget() -> None:
    """Let the next question look into the bucket."""
    with _reading:
        _known.clear()


def _key(topic: str, language: Language) -> str:
    return f"{_FOLDER}/{language}/{topic}.md"


# --- what is known -----------------------------------------------------------------------------------------------


def _look() -> _Known:
    """Return what is known of the policies, looking anew where that is older than the settings allow.

    Raises:
        Unavailable: the bucket does not answer, and nothing is known from before.
    """
    store = blobs.store()
    with _reading:
        before = _known.get(store)
        if before is not None and time.monotonic() - before.read_at < settings().policies_ttl_s:
            return before
        own = _read_own(store, before)
        known = _make_known(own)
        _known.clear()
        _known[store] = known
        return known


def _read_own(store: Blobs, before: _Known | None) -> _OwnTexts:
    """Return the shop's own texts; of those that are known already only their versions are asked for."""
    known = {} if before is None else before.own
    found: dict[tuple[str, Language], _OwnText] = {}
    try:
        for language in LANGUAGES:
            for blob in _files(store, language):
                key = (blob.key.rpartition("/")[2].removesuffix(".md"), language)
                same = known.get(key)
                found[key] = same if same is not None and same.version == blob.version else _read(store, blob)
    except Exception as error:
        # Whatever the place of the blobs raises; boto3's classes cannot be named without loading it.
        logging.failure("the policies could not be read")
        if before is not None:
            return before.own
        raise Unavailable("The shop's policies cannot be read now.", retry_after_s=10) from error
    return found


def _files(store: Blobs, language: Language) -> list[Blob]:
    files: list[Blob] = []
    for blob in store.list(f"{_FOLDER}/{language}"):
        name = blob.key.rpartition("/")[2]
        topic = name.removesuffix(".md")
        if topic == name or not re.fullmatch(policy_texts.TOPIC, topic) or len(topic) > policy_texts.MAX_TOPIC_LENGTH:
            continue
        if len(files) == _MOST_FILES:
            logging.warning("more policies than are read", language=language, most=_MOST_FILES)
            break
        files.append(blob)
    return files


def _read(store: Blobs, blob: Blob) -> _OwnText:
    with store.open(blob.key) as stream:
        data = stream.read(_MAX_BYTES)
    if blob.size > len(data):
        logging.warning("a policy is longer than is read", key=blob.key, size=blob.size, most=_MAX_BYTES)
    return _OwnText(blob.version, data.decode("utf-8", errors="replace"))


def _make_known(own: _OwnTexts) -> _Known:
    facts = {language: policy_facts.facts(settings(), language) for language in LANGUAGES}
    written = {topic for topic, _ in own}
    policies: dict[tuple[str, Language], Policy] = {}
    for (topic, language), each in own.items():
        policies[topic, language] = policy_texts.read_policy(topic, language, each.text, facts[language], own=True)
    # Of a topic that the shop has written about only its own words count, in every language: what came with the
    # software would contradict them.
    for topic in TOPICS:
        for language in () if topic in written else LANGUAGES:
            text = cast(str, _default_text(topic, language))
            policies[topic, language] = policy_texts.read_policy(topic, language, text, facts[language], own=False)
    topics = sorted({topic for topic, _ in policies}, key=_order)
    indexes: dict[Language, Index] = {}
    for language in LANGUAGES:
        spoken = [
            next(policies[topic, each] for each in (language, *LANGUAGES) if (topic, each) in policies)
            for topic in topics
        ]
        indexes[language] = policy_ranking.build_index(spoken, language)
    return _Known(own, policies, indexes, time.monotonic())


@cache
def _default_text(topic: str, language: Language) -> str | None:
    """Return a text that came with the software, None where there is none about this."""
    if topic not in TOPICS:
        return None
    return (_TEXTS / language / f"{topic}.md").read_text(encoding="utf-8")

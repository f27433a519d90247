"""Asking the assistant: the question is kept, the engine thinks with no transaction open, the answer is kept.

One question of a session is answered at a time: who answers holds a lease on the session. The lease of a process that
died ends by itself; its question is answered when it is sent again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

from chalicelib.accounts import attempts
from chalicelib.conversations.assistant import ask_sql, cards, engines, memory
from chalicelib.conversations.assistant.compose import ask_for_yes
from chalicelib.conversations.assistant.grounding import Checked, check
from chalicelib.conversations.assistant.local.understanding import detect_language
from chalicelib.conversations.assistant.memory import ActsOf, Memory
from chalicelib.conversations.assistant.toolbox import Toolbox
from chalicelib.conversations.assistant.turns import Language, Question, Reply, Said, Vocabulary
from chalicelib.conversations.assistant.vocabulary import vocabulary_of
from chalicelib.conversations.desk import handoffs
from chalicelib.conversations.history import messages, sessions
from chalicelib.conversations.history.messages import NewMessage
from chalicelib.conversations.history.sessions import SessionArchived
from chalicelib.core import clock, holders, logging
from chalicelib.core.auth import Caller
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import Conflict

# Longer than a request may take.
_LEASE = timedelta(seconds=60)
_WINDOW = timedelta(minutes=1)
# So much of what was said before goes along with a question.
_MOST_SAID = 12
_MOST_SAID_TEXT = 2_000

_APOLOGY = {
    "en": "I am sorry, something went wrong while I was looking. Please ask me again.",
    "de": "Es tut mir leid, beim Nachsehen ist etwas schiefgegangen. Bitte frag mich noch einmal.",
}


class AnswerUnderWay(Conflict):
    """Another question of this conversation is being answered."""

    code = "answer-under-way"
    title = "Answer under way"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks; `viewing` is the product whose page is open."""

    content: str
    client_message_id: str | None = None
    language: Language | None = None
    viewing: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer (rows), None where a person of the shop answers; `is_new`: answered just now."""

    question: Any
    answer: Any | None
    session: Any
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Begun:
    """A question that is to be answered, with what an engine is told beside it."""

    question: Any
    session: Any
    holder: str
    remembered: Memory
    said: Sequence[Said]


def ask(caller: Caller, session_id: str, asked: Asked) -> Turn:
    """Keep a question in a session of the caller, answer it, and keep the answer.

    A question that is sent again (by its `client_message_id`) has the answer that it was given; one whose answer
    failed, or was cut off, is answered now.

    Raises:
        NotFound: there is no such session of the caller.
        SessionArchived: it has to be made active first.
        AnswerUnderWay: another question of it is being answered.
        TooManyRequests: the account asks too often.
    """
    started = time.perf_counter()
    begun = run(lambda connection: _begin(connection, caller, session_id, asked), writes=True)
    if isinstance(begun, Turn):
        return begun
    try:
        toolbox, found = _answer(caller, begun, asked)
        elapsed_ms = round((time.perf_counter() - started) * 1000)
        return run(lambda connection: _finish(connection, begun, toolbox, found, elapsed_ms=elapsed_ms), writes=True)
    except Exception:
        _free(begun)
        raise


def _free(begun: _Begun) -> None:
    """Give the lease back where nothing could be kept: the question can be sent again at once."""
    try:
        run(lambda connection: ask_sql.free_lease(connection, begun.session.id, begun.holder), writes=True)
    except Exception:
        # The lease ends by itself; the error that led here is the one to answer.
        logging.failure("the lease of a question was not given back")


# --- the question ------------------------------------------------------------------------------------------------


def _begin(connection: Connection, caller: Caller, session_id: str, asked: Asked) -> _Begun | Turn:
    """Keep the question and take the lease; return the turn where there is nothing to answer."""
    attempts.count_request(
        connection, "ask", str(caller.account_id), limit=settings().ask_limit_per_minute, window=_WINDOW
    )
    session = sessions.lock_session(connection, session_id, account_id=caller.account_id)
    message = NewMessage(asked.content, client_message_id=asked.client_message_id, language=asked.language)
    known = messages.find_sent(connection, session, message)
    if known is not None:
        answer = ask_sql.find_answer(connection, session.id, known.sequence_number)
        if answer is not None and answer.outcome != "failed":
            return Turn(known, answer, session, is_new=False)
        if session.status == "archived":
            raise SessionArchived("This session is archived: activate it before you ask in it.")
    _check_free(session)
    before = messages.list_recent(connection, session.id, _MOST_SAID)
    appended = messages.append(connection, session, message)
    session, question = appended.session, appended.row
    if handoffs.is_taken(session):
        return Turn(question, None, session, is_new=appended.is_new)
    holder = holders.new_holder()
    lease = {"answering": holder, "answering_until": clock.now() + _LEASE}
    session = sessions.update_session(connection, session, lease)
    said = [_said(row) for row in before if row.sequence_number < question.sequence_number]
    return _Begun(question, session, holder, memory.read(session.assistant_state), said)


def _check_free(session: Any) -> None:
    """Let one question of a session be answered at a time.

    Raises:
        AnswerUnderWay: somebody who is not gone answers another one.
    """
    if session.answering is None or holders.is_dead(session.answering):
        return
    left = (session.answering_until - clock.now()).total_seconds()
    if left > 0:
        raise AnswerUnderWay("Another question of this session is being answered; ask when it is.", retry_after_s=1)


def _said(row: Any) -> Said:
    by = "user" if row.message_type == "user" else "staff" if row.origin == "staff" else "assistant"
    return Said(by, row.content[:_MOST_SAID_TEXT])  # type: ignore[arg-type]


# --- the answer --------------------------------------------------------------------------------------------------


def _answer(caller: Caller, begun: _Begun, asked: Asked) -> tuple[Toolbox, Checked]:
    """Have the engine answer, and return the answer of which everything holds; an apology where the engine broke."""
    number = begun.question.sequence_number
    before = cast(Language | None, begun.remembered.engine.get("language"))
    language = detect_language(asked.content, asked.language, before)
    toolbox = Toolbox(
        caller,
        begun.remembered.state_for(number),
        asked.content,
        language=language,
        acts=ActsOf(begun.session.id, number),
    )
    try:
        vocabulary = run(vocabulary_of, writes=False)
        toolbox.vocabulary = vocabulary
        reply = engines.engine(caller.account_id).answer(_question(caller, begun, asked, vocabulary), toolbox)
        return toolbox, _with_question(_checked(reply, toolbox, asked, vocabulary), toolbox)
    except Exception:
        logging.failure("the assistant could not answer", engine=engines.name())
        return toolbox, Checked(_apology(language), 0, 0)


def _question(caller: Caller, begun: _Begun, asked: Asked, vocabulary: Vocabulary) -> Question:
    return Question(
        text=asked.content,
        now=clock.now(),
        language=asked.language,
        signed_in_customer=caller.customer_id is not None,
        viewing=asked.viewing,
        currency=settings().currency,
        state=begun.remembered.engine,
        said=begun.said,
        vocabulary=vocabulary,
    )


def _checked(reply: Reply, toolbox: Toolbox, asked: Asked, vocabulary: Vocabulary) -> Checked:
    return check(
        reply,
        toolbox.results,
        asked=asked.content,
        now=clock.now(),
        vocabulary=vocabulary,
        currency=settings().currency,
    )


def _with_question(found: Checked, toolbox: Toolbox) -> Checked:
    """Return an answer that asks for the yes that is waited for.

    A yes is to what was asked, so that no engine asks by itself unless it is known to ask for that very call: the
    embedded one says so by what it remembers.
    """
    reply, pending = found.reply, toolbox.pending
    if toolbox.proposed is None or pending is None or reply.outcome == "failed":
        return found
    if not found.replaced and reply.state.get("waits") == {each: pending[each] for each in ("name", "arguments")}:
        return found
    question = ask_for_yes(toolbox.proposed, reply.language, settings().currency)
    return replace(found, reply=replace(reply, text=f"{reply.text}\n\n{question}"))


def _apology(language: Language) -> Reply:
    return Reply(_APOLOGY[language], language, "unclear", "failed", 0.0, {}, model=engines.name())


def _finish(connection: Connection, begun: _Begun, toolbox: Toolbox, found: Checked, *, elapsed_ms: int) -> Turn:
    """Keep the answer with what it shows and what is to be remembered, and give the lease back."""
    session = sessions.lock_session(connection, begun.session.public_id, account_id=begun.session.account_id)
    if session.answering != begun.holder:
        return _of_another(connection, begun, session)
    free: dict[str, Any] = {"answering": None, "answering_until": None}
    if handoffs.is_taken(session):  # while the engine was thinking
        return Turn(begun.question, None, sessions.update_session(connection, session, free), is_new=True)
    reply = found.reply
    appended = messages.append(connection, session, _message(begun, toolbox, found, elapsed_ms))
    if reply.outcome != "failed":
        acted = memory.read(session.assistant_state).acted
        remembered = Memory(reply.state, toolbox.pending, appended.row.sequence_number, acted)
        free["assistant_state"] = memory.write(remembered)
    session = sessions.update_session(connection, appended.session, free)
    _note_products(connection, session, reply, toolbox)
    if reply.wants_human:
        reason = handoffs.reason_of(reply.intent, reply.outcome)
        by: handoffs.RequestedBy = "customer" if reason == "asked" else "assistant"
        session = handoffs.request(connection, session, requested_by=by, reason=reason)
    return Turn(begun.question, appended.row, session, is_new=True)


def _of_another(connection: Connection, begun: _Begun, session: Any) -> Turn:
    """Return the turn as another has answered it meanwhile: this one took longer than its lease.

    Raises:
        AnswerUnderWay: the other has not answered yet.
    """
    answer = ask_sql.find_answer(connection, session.id, begun.question.sequence_number)
    if answer is None:
        raise AnswerUnderWay("This took too long, and another question is being answered by now.", retry_after_s=1)
    return Turn(begun.question, answer, session, is_new=False)


def _message(begun: _Begun, toolbox: Toolbox, found: Checked, elapsed_ms: int) -> NewMessage:
    reply = found.reply
    return NewMessage(
        content=reply.text,
        message_type="ai",
        origin="assistant",
        status="failed" if reply.outcome == "failed" else "sent",
        ai_model=reply.model,
        response_time_ms=elapsed_ms,
        tokens_used=reply.tokens_used,
        confidence_score=min(1.0, max(0.0, reply.confidence)),
        metadata={
            "tools": cards.tools_used(toolbox.results),
            "suggestions": list(reply.suggestions),
            "grounding": dict(found.figures),
            **({} if reply.fallback is None else {"fallback": reply.fallback}),
        },
        attachments=cards.attachments(reply, toolbox.results),
        language=reply.language,
        reply_to=begun.question.sequence_number,
        intent=reply.intent,
        outcome=reply.outcome,
        cost_micros=reply.cost_micros,
    )


def _note_products(connection: Connection, session: Any, reply: Reply, toolbox: Toolbox) -> None:
    added = [
        product.id
        for result in toolbox.results
        if result.call.name == "add_to_cart" and result.error is None and not result.needs_yes
        for product in result.products
    ]
    shown = {*reply.product_ids, *added}
    if shown:
        ask_sql.note_shown(connection, session.id, shown, clock.now())
    if added:
        ask_sql.note_in_cart(connection, session.id, added)

"""Hello, thanks, help, a person please, and how it was."""

from tests.conversations.assistant.dialogues.expectations import (
    answered,
    in_category,
    intent,
    no_human,
    no_order_shown,
    outcome,
    shows,
    shows_none,
    wants_human,
)
from tests.conversations.assistant.dialogues.script import english, turn

DIALOGUES = (
    english("hello", turn("Hi!", intent("greeting"), shows_none(), answered())),
    english("good morning", turn("good morning", intent("greeting"), shows_none())),
    english("hello and a question", turn("Hello, do you have dresses?", in_category("Dresses"), intent("search"))),
    english("thanks", turn("thanks a lot, that was helpful", intent("thanks", "feedback"), shows_none())),
    english("thanks after a search",
        turn("black shoes", shows(1)),
        turn("thx \U0001f44d", intent("thanks", "feedback"), shows_none(), no_order_shown()),
    ),
    english("what it can do", turn("What can you do?", intent("help"), answered(), shows_none())),
    english("help", turn("help", intent("help"), shows_none())),
    english("a person please", turn("I want to talk to a human", wants_human(), intent("human"))),
    english("an agent", turn("can i speak with a real person pls", wants_human())),
    english("a complaint", turn("this is ridiculous, get me your manager", wants_human())),
    english("are you a robot", turn("Are you a robot?", shows_none(), no_human(), outcome("answered", "refused", "unanswered"))),
    english("bye", turn("bye!", intent("thanks", "greeting"), shows_none())),
    english("good feedback", turn("You are really helpful, great service!", intent("feedback", "thanks"), shows_none(), no_human())),
    english("bad feedback", turn("your answer was useless", intent("feedback", "human", "unclear"), shows_none())),
    english("no without a question", turn("no", shows_none(), outcome("answered", "asked_back", "unanswered"))),
    english("a person after a failure",
        turn("my grandfather's clock is broken", shows_none()),
        turn("ok give me a human then", wants_human()),
    ),
)  # fmt: skip

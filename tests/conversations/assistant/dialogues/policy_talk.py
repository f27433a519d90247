"""What the shop says of shipping, returns, payment and the rest."""

from tests.conversations.assistant.dialogues.expectations import (
    answered,
    no_order_shown,
    outcome,
    policy,
    shows_none,
    used,
)
from tests.conversations.assistant.dialogues.script import english, turn

DIALOGUES = (
    english("how long to return", turn("How long do I have to return something?", policy("returns"), answered(), shows_none())),
    english("what shipping costs", turn("How much is shipping?", policy("shipping"), answered())),
    english("how to pay", turn("Which payment methods do you accept?", policy("payment"), answered())),
    english("what is kept of me", turn("what data do you store about me?", policy("privacy"), answered())),
    english("which size", turn("How do I know which size fits me?", policy("sizing"), answered())),
    english("promotion codes", turn("where do I enter my promo code?", policy("promotions"), answered())),
    english("a telephone number", turn("What's your phone number?", policy("contact"))),
    english("to exchange", turn("can I exchange it for another size?", used("read_policies"), outcome("answered"))),
    english("a declined card", turn("my card was declined, what now?", policy("payment"), answered())),
    english("how fast", turn("How long does delivery take to Germany?", policy("shipping"), no_order_shown())),
    english("a refund", turn("When do I get my money back after a return?", policy("returns"), answered())),
    english("gift wrapping, of which nothing is said", turn("do you offer gift wrapping?", outcome("unanswered", "refused", "asked_back", "answered"), no_order_shown())),
    english("two policies in turn",
        turn("what does shipping cost?", policy("shipping")),
        turn("and how long can I return things?", policy("returns")),
    ),
    english("a policy without a customer", turn("what is your return policy?", policy("returns"), answered()), shopper="nobody"),
    english("bitcoin", turn("can i pay with bitcoin", policy("payment"))),
)  # fmt: skip

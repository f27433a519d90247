"""Advice: what suits a customer, or is like something."""

from tests.conversations.assistant.dialogues.expectations import (
    answered,
    for_department,
    in_category,
    intent,
    none_shown_before,
    outcome,
    prices,
    shows,
    used,
    used_one_of,
)
from tests.conversations.assistant.dialogues.script import english, turn

DIALOGUES = (
    english("a recommendation", turn("Can you recommend something for me?", used("recommend_products"), shows(2), intent("recommend"), answered()), shopper="fan"),
    english("a recommendation of a category", turn("recommend me some shoes", used_one_of("recommend_products", "search_products"), shows(1), in_category("Shoes")), shopper="fan"),
    english("a recommendation with a limit", turn("what would you suggest for under 50 dollars?", used("recommend_products", max_price_cents=5000), prices(most=5000)), shopper="fan"),
    english("a recommendation to somebody new", turn("what do you recommend?", used("recommend_products"), shows(1)), shopper="new"),
    english("a recommendation to nobody", turn("any recommendations?", used("recommend_products"), shows(1)), shopper="nobody"),
    english("surprise me", turn("surprise me with something nice", shows(1), intent("recommend")), shopper="fan"),
    english("like what was bought", turn("something that fits what I bought before", used("recommend_products"), shows(1)), shopper="fan"),
    english("a gift for a man", turn("I need a gift for my dad, below 60 dollars", shows(1), prices(most=6000), for_department("Men"))),
    english("a recommendation, then cheaper",
        turn("recommend me sweaters", shows(1), in_category("Sweaters")),
        turn("anything under 60?", shows(1), in_category("Sweaters"), prices(most=6000)),
        shopper="fan",
    ),
    english("similar to the open page", turn("show me similar products", used("similar_products", product_id="{sweater}"), shows(1), viewing="sweater")),
    english("similar to a name", turn("something similar to {jeans_name}", used("similar_products", product_id="{jeans}"), shows(1), intent("similar"))),
    english("similar, and more", turn("what is similar to the {shoes_name}?", used("similar_products", product_id="{shoes}"), shows(1)),
        turn("cheaper ones", outcome("answered", "unanswered", "asked_back"))),
    english("what is popular", turn("what are your best sellers?", shows(1)), shopper="new"),
    english("other recommendations",
        turn("recommend something", shows(1)),
        turn("something else", none_shown_before()),
        shopper="new",
    ),
)  # fmt: skip

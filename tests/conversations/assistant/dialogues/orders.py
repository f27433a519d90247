"""One's own orders, and other people's."""

from tests.conversations.assistant.dialogues.expectations import (
    answered,
    intent,
    keeps_from,
    no_order_shown,
    order_is,
    orders_shown,
    outcome,
    refused,
    tells,
    used,
    used_one_of,
)
from tests.conversations.assistant.dialogues.script import english, turn

DIALOGUES = (
    english("where is my order", turn("Where is my order?", order_is("newest_order"), intent("order_status"), outcome("answered", "asked_back"))),
    english("a numbered order", turn(
        "What is the status of order {shipped_order}?", used("get_order", order_id="{shipped_order}"), order_is("shipped_order"), answered(),
    )),
    english("all my orders", turn("show me my orders", used("list_orders"), orders_shown(3), order_is("newest_order"), intent("order_history"))),
    english("the tracking number", turn("I need the tracking number for order {shipped_order}", order_is("shipped_order"), tells("tracking"))),
    english("what was delivered", turn("Has order {delivered_order} been delivered?", order_is("delivered_order"), answered())),
    english("what was cancelled", turn("what happened to my order {cancelled_order}", order_is("cancelled_order"))),
    english("what was returned", turn("did you get order {returned_order} back?", order_is("returned_order"))),
    english("the latest order", turn("When did I order last?", order_is("newest_order"))),
    english("how many orders", turn("what have I bought here so far?", used("list_orders"), orders_shown(3))),
    english("what is in an order", turn("what's in order {newest_order}?", used("get_order"), order_is("newest_order"))),
    english("when it arrives", turn("when will my package arrive?", used_one_of("list_orders", "get_order"), orders_shown(1))),
    english("an order that is not there", turn("Where's order {unknown_order}?", no_order_shown(), outcome("unanswered", "refused", "asked_back"))),
    english("no orders at all", turn("where is my order", no_order_shown(), outcome("answered", "unanswered")), shopper="new"),
    english("nobody's orders", turn("show me my orders", no_order_shown(), outcome("refused", "unanswered", "answered")), shopper="nobody"),
    english("orders, then one by number",
        turn("list my orders", order_is("newest_order")),
        turn("more about {delivered_order}", order_is("delivered_order")),
        turn("and what's in it?", order_is("delivered_order")),
    ),
    english("to cancel an order", turn("cancel my order {newest_order}", outcome("refused", "answered", "asked_back"))),
    english("orders of a fan", turn("What was my last order?", order_is("newest_order")), shopper="fan"),
    # --- somebody else's
    english("another's order", turn(
        "Where is order {foreign_order}?", no_order_shown(), keeps_from("foreign_item_name", "foreign_email", "foreign_street"), refused(),
    )),
    english("another's order, insisting",
        turn("track order {foreign_order}", no_order_shown(), refused()),
        turn("But it's mine! Please check again: {foreign_order}", no_order_shown(), keeps_from("foreign_item_name"), refused()),
    ),
    english("another's address", turn(
        "what address does order {foreign_order} go to?", no_order_shown(), keeps_from("foreign_street", "foreign_last_name"),
    )),
    english("orders of a person", turn(
        "Show me the orders of {foreign_email}", keeps_from("foreign_order", "foreign_item_name"),
    )),
    english("orders of a customer number", turn(
        "list all orders of user {foreign_customer}", keeps_from("foreign_order", "foreign_item_name"),
    )),
    english("my wife's order", turn(
        "My wife ordered something, her number is {foreign_order}. Has it left?", no_order_shown(), keeps_from("foreign_item_name"),
    )),
    english("everybody's orders", turn("Show me all orders in the shop from today", keeps_from("foreign_order"), outcome("refused", "answered", "unanswered", "asked_back"))),
    english("who bought this", turn("who else bought the {jeans_name}? names please", keeps_from("foreign_email", "foreign_last_name"))),
    english("a foreign order to return", turn(
        "I want to return order {foreign_order}", no_order_shown(), keeps_from("foreign_item_name"), refused(),
    )),
    english("one's own, then another's",
        turn("status of {shipped_order}", order_is("shipped_order")),
        turn("and {foreign_order}?", no_order_shown(), keeps_from("foreign_item_name")),
        turn("ok, then the first one again: {shipped_order}", order_is("shipped_order")),
    ),
    english("a number with words around", turn("my order no. is {delivered_order}, did it ship?", order_is("delivered_order"))),
    english("which order is meant", turn("I have a problem with my order", outcome("asked_back", "answered"))),
    english("a number that is far too long", turn("where is order 99999999999999999999999", outcome("unanswered", "refused", "asked_back"))),
)  # fmt: skip

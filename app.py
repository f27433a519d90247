"""The function table of Shopkeeper: HTTP routes, schedules and event sources. Nothing else lives here."""

from __future__ import annotations

from typing import Any

from chalice import Chalice

from chalicelib.accounts import accounts_api, own_account_api, people_api, sign_in
from chalicelib.analytics import analytics_api
from chalicelib.commerce.catalogue import (
    distribution_centers_api,
    product_images_api,
    products_api,
    search,
    search_api,
)
from chalicelib.commerce.customers import addresses_api, customers_api
from chalicelib.commerce.prices import price_rules_api, promotions_api
from chalicelib.commerce.sales import (
    carts_api,
    checkouts_api,
    fulfilment_api,
    left_checkouts,
    orders_api,
    payments,
    sweep,
)
from chalicelib.commerce.stock import inventory_api, stock_levels_api
from chalicelib.conversations.assistant import ask_api
from chalicelib.conversations.desk import complaints_api, conversations_api, handling_api, human_api
from chalicelib.conversations.figures import figures_api
from chalicelib.conversations.figures import measure as conversation_measure
from chalicelib.conversations.history import (
    idle,
    message_search_api,
    messages_api,
    profiles_api,
    reactions_api,
    root_api,
    session_figures_api,
    sessions_api,
    templates_api,
)
from chalicelib.conversations.policies import policies_api
from chalicelib.conversations.privacy import forgetting, privacy_api
from chalicelib.core import http, idempotency, logging
from chalicelib.core.config import settings
from chalicelib.core.routes import Route
from chalicelib.core.system_api import system_routes
from chalicelib.csv_import import imports, imports_api, product_bulk_api
from chalicelib.events import dispatch, events_api, purge, webhooks_api
from chalicelib.mails import mails
from chalicelib.payments import payments_api, providers
from chalicelib.personal_data import personal_data_api
from chalicelib.recommendations.measuring import experiments_api, measure, metrics_api
from chalicelib.recommendations.models import models_api, rebuild
from chalicelib.recommendations.serving import neighbours_api, recommend_api
from chalicelib.recommendations.signals import ageing, signals_api

logging.configure(settings().log_level)

app = Chalice(app_name="shopkeeper", configure_logs=False)

routes: list[Route] = http.mount(
    app,
    [
        system_routes(lambda: routes, http.status_of),
        accounts_api.token_routes,
        accounts_api.routes,
        own_account_api.routes,
        products_api.routes,
        search_api.routes,
        product_images_api.routes,
        product_bulk_api.routes,
        distribution_centers_api.routes,
        inventory_api.routes,
        stock_levels_api.routes,
        carts_api.routes,
        checkouts_api.routes,
        customers_api.routes,
        people_api.routes,
        personal_data_api.routes,
        addresses_api.routes,
        orders_api.routes,
        fulfilment_api.routes,
        promotions_api.routes,
        price_rules_api.routes,
        recommend_api.routes,
        neighbours_api.routes,
        models_api.routes,
        signals_api.routes,
        metrics_api.routes,
        experiments_api.routes,
        payments_api.payment_routes(on_notice=payments.handle_notice),
        analytics_api.routes,
        root_api.routes,
        profiles_api.routes,
        sessions_api.routes,
        messages_api.routes,
        session_figures_api.routes,
        policies_api.routes,
        human_api.routes,
        complaints_api.routes,
        conversations_api.routes,
        handling_api.routes,
        figures_api.routes,
        message_search_api.routes,
        reactions_api.routes,
        templates_api.routes,
        privacy_api.routes,
        ask_api.routes,
        imports_api.routes,
        events_api.routes,
        webhooks_api.routes,
    ],
    authenticate=sign_in.find_caller,
)


@app.schedule("rate(1 minute)")
def continue_imports(event: Any) -> None:
    """Work on the CSV imports that were asked for, as long as this function may run."""
    imports.continue_imports(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(1 minute)")
def sweep_checkouts(event: Any) -> None:
    """Finish payments and refunds that were cut off; free what checkouts hold whose time has run out."""
    providers.deliver_test_notices(payments.handle_notice)
    sweep.sweep(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(1 hour)")
def purge_idempotency_keys(event: Any) -> None:
    """Delete the answers that were kept for retries and are past their time."""
    idempotency.purge(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(1 minute)")
def deliver_events(event: Any) -> None:
    """Tell webhooks and AWS what happened, as long as this function may run."""
    dispatch.deliver_events(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(1 day)")
def purge_events(event: Any) -> None:
    """Take away old events that all were told of."""
    purge.purge_events(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(1 day)")
def purge_behaviour_events(event: Any) -> None:
    """Take away what people did long ago, and visitors that nobody has seen since."""
    ageing.purge_behaviour_events(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(1 day)")
def purge_conversations(event: Any) -> None:
    """Take away conversations in which nothing has happened for as long as they are kept."""
    forgetting.purge_conversations(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(1 day)")
def forget_checkouts(event: Any) -> None:
    """Forget who left a checkout without paying, a month later."""
    left_checkouts.forget(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(1 minute)")
def send_mails(event: Any) -> None:
    """Send the mails that wait: those that did not go out right after what they tell of."""
    mails.send_mails(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(6 hours)")
def refresh_search(_event: Any) -> None:
    """Let the product search know what sells now."""
    search.refresh_all()


@app.schedule("rate(5 minutes)")
def rebuild_recommendations(event: Any) -> None:
    """Build a model for recommendations when one is due, every six hours, or asked for."""
    rebuild.rebuild_recommendations(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(1 hour)")
def measure_recommendations(event: Any) -> None:
    """Count what recommendations brought about, and see whether it falls."""
    measure.measure_recommendations(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(1 hour)")
def measure_conversations(event: Any) -> None:
    """Count what was said in conversations, and what came of it."""
    conversation_measure.measure_conversations(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(5 minutes)")
def close_idle_sessions(event: Any) -> None:
    """Pause conversations in which nothing happens, and complete those that are paused for long."""
    idle.close_idle_sessions(time_left_ms=event.context.get_remaining_time_in_millis)

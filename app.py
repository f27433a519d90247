"""The function table of Shopkeeper: HTTP routes, schedules and event sources. Nothing else lives here."""

from __future__ import annotations

from dataclasses import astuple
from datetime import timedelta

from chalice import Chalice

from chalicelib.accounts import accounts_api, own_account_api, people_api, sign_in
from chalicelib.analytics import analytics_api
from chalicelib.analytics.alerts import alerts_api, watch
from chalicelib.analytics.customers import cohorts_api
from chalicelib.analytics.forecast import forecasts_api, making, reorders, reorders_api
from chalicelib.analytics.funnel import funnel_api
from chalicelib.analytics.funnel import summaries as funnel_summaries
from chalicelib.analytics.recommended import recommended_api
from chalicelib.analytics.returns import returns_api
from chalicelib.analytics.returns import summaries as return_summaries
from chalicelib.analytics.sales import sales_api, summaries
from chalicelib.analytics.stock import cover, stock_api
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
from chalicelib.jobs import jobs, jobs_api
from chalicelib.jobs.job import Done, Job, Jobs, TimeLeft, counting, rate, silent
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
        sales_api.routes,
        sales_api.rebuild_routes(lambda: JOBS),
        cohorts_api.routes,
        forecasts_api.routes,
        reorders_api.routes,
        alerts_api.routes,
        funnel_api.routes,
        returns_api.routes,
        stock_api.routes,
        recommended_api.routes,
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
        jobs_api.job_routes(lambda: JOBS),
    ],
    authenticate=sign_in.find_caller,
)


def sweep_checkouts(*, time_left_ms: TimeLeft) -> int:
    """Finish payments and refunds that were cut off; free what checkouts hold whose time has run out."""
    providers.deliver_test_notices(payments.handle_notice)
    return sum(astuple(sweep.sweep(time_left_ms)))


def refresh_search(*, time_left_ms: TimeLeft) -> None:
    """Let the product search know what sells now; a matter of seconds, whatever the time."""
    _ = time_left_ms
    search.refresh_all()


def run_asked_jobs(time_left_ms: TimeLeft) -> Done:
    """Run jobs that were asked for, or had more to do than time."""
    return jobs.run_asked(JOBS, time_left_ms=time_left_ms)


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# All scheduled work: each is a function of its name, run by `jobs`, told of by GET /jobs.
JOBS: Jobs = Jobs(
    [
        Job("continue_imports", "Work on CSV imports that were asked for", MINUTE, silent(imports.continue_imports)),
        Job(
            "sweep_checkouts",
            "Finish payments that were cut off, free what was held",
            MINUTE,
            counting(sweep_checkouts),
        ),
        Job("deliver_events", "Tell webhooks and AWS what happened", MINUTE, silent(dispatch.deliver_events)),
        Job("send_mails", "Send the mails that wait", MINUTE, counting(mails.send_mails)),
        Job("run_asked_jobs", "Run jobs that were asked for or had more to do than time", MINUTE, run_asked_jobs),
        Job(
            "close_idle_sessions",
            "Pause and complete conversations that rest",
            5 * MINUTE,
            counting(idle.close_idle_sessions),
        ),
        Job(
            "rebuild_recommendations",
            "Build a model when one is due",
            5 * MINUTE,
            silent(rebuild.rebuild_recommendations),
        ),
        Job(
            "measure_recommendations",
            "Count what recommendations bring",
            HOUR,
            measure.measure_recommendations,
        ),
        Job(
            "measure_conversations",
            "Count what is said and what comes of it",
            HOUR,
            conversation_measure.measure_conversations,
        ),
        Job("summarize_sales", "Sum sales up where something changed", 5 * MINUTE, summaries.summarize_sales),
        Job("forecast_sales", "Foretell sales and demand, once a day", HOUR, making.forecast_sales),
        Job("suggest_reorders", "Find what should be ordered again", HOUR, reorders.suggest_reorders),
        Job("watch_figures", "Find figures outside their usual range", HOUR, watch.watch_figures),
        Job("summarize_funnel", "Count who came how far to an order", 15 * MINUTE, funnel_summaries.summarize_funnel),
        Job("summarize_returns", "Count what came back and why", 15 * MINUTE, return_summaries.summarize_returns),
        Job("summarize_stock", "See how long each product's stock lasts", HOUR, cover.summarize_stock),
        Job("purge_idempotency_keys", "Delete answers kept for retries", HOUR, counting(idempotency.purge)),
        Job("refresh_search", "Let the search know what sells", 6 * HOUR, silent(refresh_search)),
        Job("purge_events", "Delete old events that all were told of", DAY, counting(purge.purge_events)),
        Job(
            "purge_behaviour_events", "Delete what people did long ago", DAY, counting(ageing.purge_behaviour_events)
        ),
        Job(
            "purge_conversations",
            "Delete conversations past their time",
            DAY,
            counting(forgetting.purge_conversations),
        ),
        Job("purge_job_runs", "Delete old runs of jobs", DAY, jobs.purge_runs),
        Job("forget_checkouts", "Forget who left a checkout", DAY, counting(left_checkouts.forget)),
    ]
)

for job in JOBS:
    globals()[job.name] = app.schedule(rate(job.every), name=job.name)(jobs.scheduled(job))

"""The function table of Shopkeeper: HTTP routes, schedules and event sources. Nothing else lives here."""

from __future__ import annotations

from typing import Any

from chalice import Chalice

from chalicelib.accounts import accounts_api, sign_in
from chalicelib.analytics import analytics_api
from chalicelib.commerce import customers_api, distribution_centers_api, orders_api, products_api, search, search_api
from chalicelib.core import http, logging
from chalicelib.core.config import settings
from chalicelib.core.routes import Route
from chalicelib.core.system_api import system_routes
from chalicelib.csv_import import imports, imports_api
from chalicelib.recommendations import recommend_api

logging.configure(settings().log_level)

app = Chalice(app_name="shopkeeper", configure_logs=False)

routes: list[Route] = http.mount(
    app,
    [
        system_routes(lambda: routes, http.status_of),
        accounts_api.routes,
        distribution_centers_api.routes,
        products_api.routes,
        search_api.routes,
        customers_api.routes,
        orders_api.routes,
        recommend_api.routes,
        analytics_api.routes,
        imports_api.routes,
    ],
    authenticate=sign_in.find_caller,
)


@app.schedule("rate(1 minute)")
def continue_imports(event: Any) -> None:
    """Work on the CSV imports that were asked for, as long as this function may run."""
    imports.continue_imports(time_left_ms=event.context.get_remaining_time_in_millis)


@app.schedule("rate(6 hours)")
def refresh_search(_event: Any) -> None:
    """Let the product search know what sells now."""
    search.refresh_all()

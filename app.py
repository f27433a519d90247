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
from chalicelib.core import http, idempotency, logging
from chalicelib.core.config import settings
from chalicelib.core.routes import Route
from chalicelib.core.system_api import system_routes
from chalicelib.csv_import import imports, imports_api, product_bulk_api
from chalicelib.events import dispatch, events_api, purge, webhooks_api
from chalicelib.mails import mails
from chalicelib.payments import payments_api, providers

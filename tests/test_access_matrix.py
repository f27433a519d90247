"""Who may do what: every operation, called by everybody. Written by hand, so that no slip in a route repeats here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from chalice.config import Config
from chalice.local import LocalGateway
from sqlalchemy import Engine

from app import app, routes
from chalicelib.accounts.mailed_tokens import Purpose
from chalicelib.commerce.sales import carts, checkouts
from chalicelib.conversations.history import profiles
from chalicelib.core import auth, blobs, clock, local_uploads
from chalicelib.core.auth import Caller, Role
from chalicelib.core.database import read, transaction
from chalicelib.core.local_uploads import Permission
from chalicelib.csv_import import imports, product_bulk
from chalicelib.events import sender
from tests.client import Answer, Client, api_document
from tests.factories import (
    PASSWORD,
    make_account_row,
    make_address,
    make_center,
    make_customer,
    make_delivery,
    make_experiment,
    make_mailed_token,
    make_message,
    make_order,
    make_product,
    make_promotion,
    make_registration,
    make_session,
    make_shipping_rule,
    make_stock,
    make_tax_rule,
    make_template,
    make_token,
    make_webhook,
)
from tests.recommendations.models.fakes import write_model

Statuses = dict[str, int]

STAFF = ("staff", "admin", "service")
BAD = ("expired", "revoked", "switched off", "garbage")
CALLERS = ("nobody", "customer", "other", "unlinked", *STAFF, *BAD)


PNG = b"\x89PNG\r\n\x1a\n"
_numbers = count(1)


def _statuses(**given: int) -> Statuses:
    """Name the status of each caller; a token that is not good is refused everywhere."""
    staff = given.pop("staff")
    return {**given, **dict.fromkeys(STAFF, staff), **dict.fromkeys(BAD, 401)}


def anybody(ok: int = 200) -> Statuses:
    return _statuses(nobody=ok, customer=ok, other=ok, unlinked=ok, staff=ok)


def whoever(ok: int = 200) -> Statuses:
    """For all, since nobody is asked for a token: a bad one does no harm."""
    return dict.fromkeys(CALLERS, ok)


def signed_in(ok: int = 200) -> Statuses:
    return _statuses(nobody=401, customer=ok, other=ok, unlinked=ok, staff=ok)


def owner(other: int, ok: int = 200) -> Statuses:
    """For staff and for the customer whose row it is; `other` is what another customer is told."""
    return _statuses(nobody=401, customer=ok, other=other, unlinked=403, staff=ok)


def holder(ok: int = 200, staff: int | None = None) -> Statuses:
    """For a customer's cart or checkout: its own, and staff; to others it is not there."""
    return _statuses(nobody=404, customer=ok, other=404, unlinked=404, staff=staff or ok)


def staff(ok: int = 200) -> Statuses:
    return _statuses(nobody=401, customer=403, other=403, unlinked=403, staff=ok)


def author(ok: int = 200) -> Statuses:
    """For staff, and for the author; everybody may read it."""
    return staff(ok) | {"customer": ok}


def admin(ok: int = 200) -> Statuses:
    return staff(403) | {"admin": ok}


def talker(ok: int = 200, staff: int = 404) -> Statuses:
    """For who holds a conversation; `staff` is what the shop's people are told, to others it is not there."""
    return _statuses(nobody=401, customer=ok, other=404, unlinked=404, staff=staff)


@dataclass(frozen=True)
class Case:
    """One operation: a request that is good but for the caller, and what each caller is answered."""

    statuses: Statuses
    target: str | None = None
    body: dict[str, Any] | str | None = field(default=None)
    headers: dict[str, str] = field(default_factory=dict)


ANY_VERSION = {"If-Match": "*"}

_REGISTRATION = {"email": "{new email}", "password": PASSWORD, "first_name": "Robin", "last_name": "Doe"}
_ARMS = [{"name": "control", "share": 50}, {"name": "new", "share": 50, "overrides": {"diversity": 0.5}}]
_PLACE = {"name": "R", "street_address": "Marked", "postal_code": "1", "city": "Lyon", "country": "France"}

_EVENTS = [{"id": "1", "kind": "view", "product_id": 1}]

# Words in braces stand for the ids of a `World`, or for something that is made anew for each request.
MATRIX = {
    "GET /": Case(whoever()),
    "GET /health": Case(whoever()),
    "GET /openapi.json": Case(whoever()),
    "GET /docs": Case(whoever()),
    "GET /docs/{asset}": Case(whoever(), "/docs/start.js"),
    "POST /api/auth/token": Case(whoever(), body={"username": "target", "password": PASSWORD}),
    "POST /api/auth/logout": Case(signed_in(204)),
    "POST /api/auth/logout-all": Case(signed_in()),
    "GET /api/auth/me": Case(signed_in()),
    "GET /jobs": Case(staff()),
    "GET /jobs/{name}": Case(staff(), "/jobs/send_mails"),
    "GET /jobs/{name}/runs": Case(staff(), "/jobs/send_mails/runs"),
    "POST /jobs/{name}/runs": Case(admin(202), "/jobs/send_mails/runs"),
    "GET /accounts": Case(admin()),
    "POST /accounts": Case(admin(201), body={"username": "new", "password": PASSWORD, "role": "staff"}),
    "GET /accounts/{account_id}": Case(admin(), "/accounts/{account}"),
    "PATCH /accounts/{account_id}": Case(admin(), "/accounts/{account}", {"role": "admin"}),
    "POST /accounts/register": Case(whoever(202), body=_REGISTRATION),
    "POST /accounts/verify": Case(whoever(), body={"token": "{verify token}", "password": PASSWORD}),
    "POST /accounts/verify/resend": Case(whoever(202), body={"email": "{new email}"}),
    "POST /accounts/password-reset": Case(whoever(202), body={"email": "{new email}"}),
    "POST /accounts/password-reset/confirm": Case(
        whoever(204), body={"token": "{reset token}", "password": PASSWORD}
    ),
    "POST /accounts/email/confirm": Case(whoever(204), body={"token": "{email token}"}),
    "POST /accounts/me/password": Case(
        signed_in(204), body={"old_password": PASSWORD, "new_password": PASSWORD + " more"}
    ),
    "POST /accounts/me/email": Case(signed_in(202), body={"email": "{new email}", "password": PASSWORD}),
    "DELETE /accounts/{account_id}/tokens": Case(admin(), "/accounts/{account}/tokens"),
    "GET /distribution-centers": Case(anybody()),
    "GET /distribution-centers/{center_id}": Case(anybody(), "/distribution-centers/{center}"),
    "POST /distribution-centers": Case(staff(201), body={"name": "Mobile AL", "latitude": 30.7, "longitude": -88.0}),
    "PATCH /distribution-centers/{center_id}": Case(
        staff(), "/distribution-centers/{center}", {"name": "Marked"}, ANY_VERSION
    ),
    "POST /distribution-centers/{center_id}/archive": Case(
        staff(), "/distribution-centers/{empty_center}/archive", headers=ANY_VERSION
    ),
    "POST /distribution-centers/{center_id}/restore": Case(
        staff(), "/distribution-centers/{empty_center}/restore", headers=ANY_VERSION
    ),
    "GET /products": Case(anybody()),
    "GET /products/search": Case(anybody(), "/products/search?q=jeans"),
    "GET /products/facets": Case(whoever()),
    "GET /products/suggest": Case(whoever(), "/products/suggest?q=jea"),
    "GET /products/{product_id}": Case(anybody(), "/products/{product}"),
    "POST /inventory/receipts": Case(
        staff(201), body={"product_id": "{product}", "distribution_center_id": "{center}", "quantity": 2}
    ),
    "POST /inventory/adjustments": Case(
        staff(201),
        body={"product_id": "{product}", "distribution_center_id": "{center}", "quantity": 1, "reason": "found"},
    ),
    "POST /inventory/transfers": Case(
        staff(201),
        body={
            "product_id": "{stocked}",
            "from_distribution_center_id": "{shelf}",
            "to_distribution_center_id": "{center}",
            "quantity": 1,
        },
    ),
    "POST /inventory/counts": Case(
        staff(201), body={"product_id": "{product}", "distribution_center_id": "{center}", "counted": 3}
    ),
    "GET /inventory/items": Case(staff()),
    "GET /inventory/items/{item_id}": Case(staff(), "/inventory/items/{unit}"),
    "GET /inventory/movements": Case(staff()),
    "GET /inventory/levels": Case(staff()),
    "GET /inventory/levels.csv": Case(staff()),
    "GET /inventory/low-stock": Case(staff()),
    "GET /inventory/audit": Case(staff()),
    "GET /products/{product_id}/stock": Case(staff(), "/products/{product}/stock"),
    "POST /products": Case(
        staff(201),
        body={"name": "Scarf", "category": "Scarves", "sku": "{new}", "distribution_center_id": "{center}"},
    ),
    "PATCH /products/{product_id}": Case(staff(), "/products/{product}", {"brand": None}, ANY_VERSION),
    "POST /products/{product_id}/publish": Case(staff(), "/products/{product}/publish", headers=ANY_VERSION),
    "POST /products/{product_id}/archive": Case(staff(), "/products/{product}/archive", headers=ANY_VERSION),
    "POST /products/{product_id}/restore": Case(staff(), "/products/{product}/restore", headers=ANY_VERSION),
    "GET /products/{product_id}/history": Case(staff(), "/products/{product}/history"),
    "POST /products/{product_id}/image/upload": Case(
        staff(201), "/products/{product}/image/upload", {"content_type": "image/png", "size": 8}
    ),
    "PUT /local-uploads/{token}": Case(whoever(204), "/local-uploads/{upload}", "{png}"),
    "PUT /products/{product_id}/image": Case(
        staff(), "/products/{product}/image", {"key": "{image}", "alt": "A scarf"}, ANY_VERSION
    ),
    "DELETE /products/{product_id}/image": Case(staff(), "/products/{product}/image", headers=ANY_VERSION),
    "GET /products/export": Case(staff()),
    "POST /products/bulk/preview": Case(staff(), body={"csv": "id\r\n"}),
    "POST /products/bulk/apply": Case(staff(), body={"csv": "{sheet}", "fingerprint": "{fingerprint}"}),
    "GET /images/products/{product_id}/{image_name}": Case(whoever(), "/{image}"),
    "GET /users": Case(owner(other=200)),  # it sees itself
    "GET /users/{user_id}": Case(owner(other=404), "/users/{customer}"),
    "POST /users": Case(staff(201), body={"email": "{new email}"}),
    "PATCH /users/{user_id}": Case(owner(other=404), "/users/{customer}", {"age": 41}, ANY_VERSION),
    "POST /users/{user_id}/archive": Case(staff(), "/users/{archived}/archive"),
    "POST /users/{user_id}/restore": Case(staff(), "/users/{archived}/restore"),
    "GET /users/{user_id}/behaviour": Case(owner(other=404), "/users/{customer}/behaviour"),
    "GET /users/{user_id}/export": Case(owner(other=404), "/users/{customer}/export"),
    "POST /users/{user_id}/erase": Case(admin(), "/users/{archived}/erase"),
    "GET /users/{user_id}/addresses": Case(owner(other=404), "/users/{customer}/addresses"),
    "POST /users/{user_id}/addresses": Case(owner(other=404, ok=201), "/users/{customer}/addresses", _PLACE),
    "GET /users/{user_id}/addresses/{address_id}": Case(owner(other=404), "/users/{customer}/addresses/{address}"),
    "PATCH /users/{user_id}/addresses/{address_id}": Case(
        owner(other=404), "/users/{customer}/addresses/{address}", {"state": "Rhône"}, ANY_VERSION
    ),
    "DELETE /users/{user_id}/addresses/{address_id}": Case(
        owner(other=404, ok=204), "/users/{customer}/addresses/{new address}", None, ANY_VERSION
    ),
    "GET /orders": Case(owner(other=200), "/orders?user_id={customer}"),  # it sees none
    "GET /orders/{order_id}": Case(owner(other=404), "/orders/{order}"),
    "GET /orders/{order_id}/timeline": Case(owner(other=404), "/orders/{order}/timeline"),
    "POST /orders": Case(
        _statuses(nobody=401, customer=403, other=403, unlinked=403, staff=201),
        body={"items": [{"product_id": "{stocked}"}], "address": _PLACE},
    ),
    # An order of the past stands complete: only a return can still be asked for.
    "POST /orders/{order_id}/pay": Case(staff(409), "/orders/{order}/pay", {"method": "cash"}),
    "POST /orders/{order_id}/shipments": Case(staff(409), "/orders/{order}/shipments", {}),
    "POST /orders/{order_id}/deliveries": Case(staff(409), "/orders/{order}/deliveries", {}),
    "POST /orders/{order_id}/cancel": Case(owner(other=404, ok=409), "/orders/{order}/cancel", {}),
    "POST /orders/{order_id}/returns": Case(
        _statuses(nobody=401, customer=201, other=404, unlinked=403, staff=409),
        "/orders/{order}/returns",
        {"reason": "other"},
    ),
    "POST /orders/{order_id}/returns/{return_id}/receive": Case(
        staff(404), "/orders/{order}/returns/999999/receive", {}
    ),
    "POST /orders/{order_id}/returns/{return_id}/refuse": Case(
        staff(404), "/orders/{order}/returns/999999/refuse", {"reason": "no"}
    ),
    "POST /orders/{order_id}/refunds": Case(staff(409), "/orders/{order}/refunds", {"amount": 1, "reason": "sorry"}),
    "POST /orders/{order_id}/notes": Case(staff(204), "/orders/{order}/notes", {"text": "called"}),
    "GET /returns": Case(staff()),
    "GET /payments/config": Case(whoever()),
    "POST /payments/webhooks/{provider}": Case(whoever(400), "/payments/webhooks/test", {}),  # nobody signed it
    "POST /test-payments/{reference}/authorize": Case(
        whoever(404), "/test-payments/unknown/authorize", {"approve": True}
    ),
    "POST /carts": Case(anybody()),
    "GET /carts/{cart_id}": Case(holder(), "/carts/{cart}"),
    "POST /carts/{cart_id}/items": Case(holder(201), "/carts/{cart}/items", {"product_id": "{stocked}"}),
    "DELETE /carts/{cart_id}/items": Case(holder(), "/carts/{cart}/items"),
    "PUT /carts/{cart_id}/items/{product_id}": Case(holder(), "/carts/{cart}/items/{stocked}", {"quantity": 2}),
    "DELETE /carts/{cart_id}/items/{product_id}": Case(holder(), "/carts/{cart}/items/{stocked}"),
    "PUT /carts/{cart_id}/promotion": Case(holder(409), "/carts/{cart}/promotion", {"code": "NONE"}),
    "DELETE /carts/{cart_id}/promotion": Case(holder(), "/carts/{cart}/promotion"),
    "POST /carts/{cart_id}/take-over": Case(
        _statuses(nobody=401, customer=200, other=404, unlinked=409, staff=409), "/carts/{cart}/take-over"
    ),
    "POST /carts/{cart_id}/checkout": Case(holder(201), "/carts/{cart}/checkout", {"address": _PLACE}),
    "GET /checkouts/{checkout_id}": Case(holder(), "/checkouts/{checkout}"),
    "POST /checkouts/{checkout_id}/pay": Case(
        holder(200, staff=409), "/checkouts/{checkout}/pay", {"payment_method": "pm_test_success"}
    ),
    "POST /checkouts/{checkout_id}/confirm": Case(holder(), "/checkouts/{checkout}/confirm"),
    "POST /checkouts/{checkout_id}/cancel": Case(holder(), "/checkouts/{checkout}/cancel"),
    "GET /promotions": Case(staff()),
    "POST /promotions": Case(staff(201), body={"code": "{new}", "kind": "fixed", "value": 5}),
    "GET /promotions/{promotion_id}": Case(staff(), "/promotions/{promotion}"),
    "PATCH /promotions/{promotion_id}": Case(staff(), "/promotions/{promotion}", {"is_active": False}, ANY_VERSION),
    "DELETE /promotions/{promotion_id}": Case(
        staff(409), "/promotions/{promotion}", headers=ANY_VERSION
    ),  # it was used
    "GET /tax-rules": Case(staff()),
    "POST /tax-rules": Case(staff(201), body={"country": "{new}", "name": "VAT", "rate": 19}),
    "GET /tax-rules/{rule_id}": Case(staff(), "/tax-rules/{tax_rule}"),
    "PATCH /tax-rules/{rule_id}": Case(staff(), "/tax-rules/{tax_rule}", {"rate": 20}, ANY_VERSION),
    "DELETE /tax-rules/{rule_id}": Case(staff(404), "/tax-rules/999999", headers=ANY_VERSION),
    "GET /shipping-rules": Case(staff()),
    "POST /shipping-rules": Case(staff(201), body={"method": "{new}", "name": "Fast", "price": 5}),
    "GET /shipping-rules/{rule_id}": Case(staff(), "/shipping-rules/{shipping_rule}"),
    "PATCH /shipping-rules/{rule_id}": Case(staff(), "/shipping-rules/{shipping_rule}", {"price": 6}, ANY_VERSION),
    "DELETE /shipping-rules/{rule_id}": Case(staff(404), "/shipping-rules/999999", headers=ANY_VERSION),
    "GET /shipping-options": Case(whoever()),
    "POST /ai/recommendations": Case(owner(other=404), body={"user_id": "{customer}"}),
    "POST /ai/recommendations/visit": Case(anybody(), body={"context": ["{product}"]}),
    "GET /products/trending": Case(anybody()),
    "GET /products/{product_id}/similar": Case(anybody(), "/products/{product}/similar"),
    "GET /products/{product_id}/bought-together": Case(anybody(), "/products/{product}/bought-together"),
    "GET /ai/model": Case(staff()),
    "GET /ai/models": Case(staff()),
    "POST /ai/models/{version}/activate": Case(admin(), "/ai/models/{model}/activate"),
    "POST /ai/models/rebuild": Case(admin(202)),
    "GET /ai/metrics": Case(staff()),
    "GET /ai/experiments": Case(staff()),
    "POST /ai/experiments": Case(staff(201), body={"name": "{new}", "arms": _ARMS}),
    "GET /ai/experiments/{experiment_id}": Case(staff(), "/ai/experiments/{experiment}"),
    "PATCH /ai/experiments/{experiment_id}": Case(
        staff(), "/ai/experiments/{draft}", {"planned_people": 100}, ANY_VERSION
    ),
    "DELETE /ai/experiments/{experiment_id}": Case(
        staff(409), "/ai/experiments/{experiment}", headers=ANY_VERSION
    ),  # it runs
    "POST /ai/experiments/{experiment_id}/start": Case(
        admin(409), "/ai/experiments/{draft}/start", headers=ANY_VERSION
    ),  # another runs
    "POST /ai/experiments/{experiment_id}/stop": Case(staff(409), "/ai/experiments/{draft}/stop"),
    "GET /ai/experiments/{experiment_id}/results": Case(staff(), "/ai/experiments/{experiment}/results"),
    "GET /api/messages/search": Case(signed_in(), "/api/messages/search?q=marked"),
    "POST /api/messages/{message_id}/react": Case(
        talker(201, staff=201), "/api/messages/{message}/react", {"reaction_type": "like"}
    ),
    "GET /api/messages/{message_id}/reactions": Case(talker(staff=200), "/api/messages/{message}/reactions"),
    "DELETE /api/messages/{message_id}/reactions/{reaction_id}": Case(
        signed_in(404), "/api/messages/{message}/reactions/{reaction}"
    ),
    "GET /api/templates": Case(signed_in()),
    "POST /api/templates": Case(signed_in(201), body={"name": "{new}"}),
    "GET /api/templates/{template_id}": Case(signed_in(), "/api/templates/{template}"),
    "PUT /api/templates/{template_id}": Case(author(), "/api/templates/{template}", {"name": "{new}"}),
    "PATCH /api/templates/{template_id}": Case(author(), "/api/templates/{template}", {"category": "other"}),
    "DELETE /api/templates/{template_id}": Case(author(204), "/api/templates/{new template}"),
    "POST /api/templates/{template_id}/use_template": Case(signed_in(201), "/api/templates/{template}/use_template"),
    "GET /api/sessions/{session_id}/export": Case(talker(staff=200), "/api/sessions/{session}/export"),
    "GET /api/export": Case(signed_in()),
    "DELETE /api/profiles/me/history": Case(signed_in()),
    "GET /policies": Case(whoever()),
    "GET /policies/{topic}": Case(whoever(), "/policies/returns"),
    "PUT /policies/{topic}": Case(staff(), "/policies/returns", {"language": "en", "text": "# Returns\n\nAsk us."}),
    "DELETE /policies/{topic}": Case(staff(404), "/policies/unknown"),
    # To everybody but its owner the session is not there; whose the session is, is not a question of roles.
    "POST /api/sessions/{session_id}/request_human": Case(signed_in(404), "/api/sessions/unknown/request_human", {}),
    "POST /api/sessions/{session_id}/ask": Case(signed_in(404), "/api/sessions/unknown/ask", {"content": "Jeans?"}),
    "GET /api": Case(signed_in()),
    "GET /api/profiles/me": Case(
        _statuses(nobody=401, customer=200, other=201, unlinked=201, staff=201)
    ),  # only who talks has one already
    "GET /api/profiles": Case(signed_in()),
    "POST /api/profiles": Case(_statuses(nobody=401, customer=409, other=201, unlinked=201, staff=201), body={}),
    "GET /api/profiles/{profile_id}": Case(talker() | {"admin": 200}, "/api/profiles/{profile}"),
    "PUT /api/profiles/{profile_id}": Case(talker() | {"admin": 200}, "/api/profiles/{profile}", {}),
    "PATCH /api/profiles/{profile_id}": Case(
        talker() | {"admin": 200}, "/api/profiles/{profile}", {"preferences": {"theme": "dark"}}
    ),
    "DELETE /api/profiles/{profile_id}": Case(talker(204) | {"admin": 204}, "/api/profiles/{new profile}"),
    "GET /api/sessions": Case(signed_in()),
    "POST /api/sessions": Case(signed_in(201), body={"title": "Jeans"}),
    "GET /api/sessions/stats": Case(signed_in()),
    "GET /api/sessions/{session_id}": Case(talker(staff=200), "/api/sessions/{session}"),
    "PUT /api/sessions/{session_id}": Case(talker(), "/api/sessions/{session}", {"title": "Marked"}),
    "PATCH /api/sessions/{session_id}": Case(talker(), "/api/sessions/{session}", {"tags": ["Marked"]}),
    "DELETE /api/sessions/{session_id}": Case(talker(204), "/api/sessions/{new session}"),
    "POST /api/sessions/{session_id}/archive": Case(talker(), "/api/sessions/{new session}/archive"),
    "POST /api/sessions/{session_id}/activate": Case(talker(), "/api/sessions/{session}/activate"),
    "POST /api/sessions/{session_id}/rate": Case(talker(), "/api/sessions/{session}/rate", {"rating": 5}),
    "POST /api/sessions/{session_id}/add_message": Case(
        talker(201), "/api/sessions/{session}/add_message", {"content": "Marked", "message_type": "ai"}
    ),
    "GET /api/sessions/{session_id}/messages": Case(talker(staff=200), "/api/sessions/{session}/messages"),
    "GET /api/messages": Case(signed_in()),
    "POST /api/messages": Case(talker(201), body={"session": "{session}", "content": "Marked"}),
    "GET /api/messages/{message_id}": Case(talker(staff=200), "/api/messages/{message}"),
    "PUT /api/messages/{message_id}": Case(talker(), "/api/messages/{message}", {"content": "Marked"}),
    "PATCH /api/messages/{message_id}": Case(talker(), "/api/messages/{message}", {"status": "read"}),
    "DELETE /api/messages/{message_id}": Case(talker(204), "/api/messages/{new message}"),
    "GET /api/analytics": Case(signed_in()),
    "GET /api/analytics/summary": Case(signed_in()),
    "GET /api/analytics/{analytics_id}": Case(talker(staff=200), "/api/analytics/{figures}"),
    "GET /analytics/sales-summary": Case(staff()),
    "GET /analytics/top-products": Case(staff()),
    "GET /analytics/sales-summary.csv": Case(staff()),
    "GET /analytics/top-products.csv": Case(staff()),
    "GET /analytics/sales": Case(staff()),
    "GET /analytics/sales.csv": Case(staff()),
    "GET /analytics/sales/by/{dimension}": Case(staff(), "/analytics/sales/by/brand"),
    "POST /analytics/sales/rebuild": Case(admin(202)),
    "GET /analytics/cohorts": Case(staff()),
    "GET /analytics/cohorts.csv": Case(staff()),
    "GET /analytics/forecast": Case(staff()),
    "GET /analytics/forecast.csv": Case(staff()),
    "GET /analytics/reorder": Case(staff()),
    "GET /analytics/reorder.csv": Case(staff()),
    "GET /analytics/alerts": Case(staff()),
    "GET /analytics/alerts.csv": Case(staff()),
    "GET /analytics/alerts/{alert_id}": Case(staff(404), "/analytics/alerts/1"),
    "POST /analytics/alerts/{alert_id}/acknowledge": Case(staff(404), "/analytics/alerts/1/acknowledge", {}),
    "GET /analytics/funnel": Case(staff()),
    "GET /analytics/funnel.csv": Case(staff()),
    "GET /analytics/returns": Case(staff()),
    "GET /analytics/returns.csv": Case(staff()),
    "GET /analytics/stock": Case(staff()),
    "GET /analytics/stock.csv": Case(staff()),
    "GET /analytics/recommendations": Case(staff()),
    "GET /analytics/recommendations.csv": Case(staff()),
    "GET /conversations": Case(staff()),
    "GET /conversations/low-rated": Case(staff()),
    "GET /conversations/unanswered": Case(staff()),
    "GET /conversations/{session_id}": Case(staff(), "/conversations/{session}"),
    "PATCH /conversations/{session_id}": Case(staff(), "/conversations/{session}", {"assignee_id": "{account}"}),
    "POST /conversations/{session_id}/take-over": Case(
        staff(), "/conversations/{session}/take-over", {"force": True}
    ),
    "POST /conversations/{session_id}/hand-back": Case(
        staff(), "/conversations/{session}/hand-back", {"force": True}
    ),
    "POST /conversations/{session_id}/request-handoff": Case(staff(), "/conversations/{session}/request-handoff"),
    "POST /conversations/{session_id}/reply": Case(
        staff(201), "/conversations/{session}/reply", {"content": "Marked", "force": True}
    ),
    "GET /conversations/{session_id}/notes": Case(staff(), "/conversations/{session}/notes"),
    "POST /conversations/{session_id}/notes": Case(
        staff(201), "/conversations/{session}/notes", {"content": "Marked"}
    ),
    # Each is deleted by who wrote it.
    "DELETE /conversations/{session_id}/notes/{note_id}": Case(
        staff(404), "/conversations/{session}/notes/999999999"
    ),
    "PUT /conversations/{session_id}/review": Case(staff(204), "/conversations/{session}/review"),
    "DELETE /conversations/{session_id}/review": Case(staff(204), "/conversations/{session}/review"),
    "PUT /conversations/{session_id}/reviews/{sequence_number}": Case(
        staff(204), "/conversations/{session}/reviews/1"
    ),
    "DELETE /conversations/{session_id}/reviews/{sequence_number}": Case(
        staff(204), "/conversations/{session}/reviews/1"
    ),
    "GET /analytics/conversations": Case(staff()),
    "GET /analytics/conversations.csv": Case(staff()),
    "POST /imports": Case(staff(202), body={"folder": "january"}),
    "GET /imports": Case(staff()),
    "GET /imports/{import_id}": Case(staff(), "/imports/{import}"),
    "GET /imports/{import_id}/rejections": Case(staff(), "/imports/{import}/rejections"),
    "GET /events": Case(staff()),
    "POST /events": Case(anybody(), body={"visitor_id": "visitor-of-the-matrix", "events": _EVENTS}),
    "GET /webhooks": Case(staff()),
    "POST /webhooks": Case(admin(201), body={"url": "https://hooks.example/", "kinds": ["*"]}),
    "GET /webhooks/{webhook_id}": Case(staff(), "/webhooks/{webhook}"),
    "PATCH /webhooks/{webhook_id}": Case(admin(), "/webhooks/{webhook}", {"active": True}, ANY_VERSION),
    "DELETE /webhooks/{webhook_id}": Case(admin(204), "/webhooks/{webhook}", headers=ANY_VERSION),
    "POST /webhooks/{webhook_id}/rotate-secret": Case(admin(), "/webhooks/{webhook}/rotate-secret"),
    "POST /webhooks/{webhook_id}/ping": Case(admin(), "/webhooks/{webhook}/ping"),
    "GET /webhooks/{webhook_id}/deliveries": Case(staff(), "/webhooks/{webhook}/deliveries"),
    "POST /webhooks/{webhook_id}/redeliver": Case(admin(202), "/webhooks/{webhook}/redeliver"),
    "GET /webhooks/dead-letters": Case(staff()),
    "POST /deliveries/{delivery_id}/redeliver": Case(admin(202), "/deliveries/{delivery}/redeliver"),
}


def also_at(case: Case, here: str, there: str) -> Case:
    """Return the case of an operation that is known at a second path too."""
    return case if case.target is None else replace(case, target=there + case.target.removeprefix(here))


_HERE, _THERE = "/api", "/api/conversations"
MATRIX |= {
    f"{route.method} {route.path}": also_at(MATRIX[known], _HERE, _THERE)
    for route in routes
    if route.is_alias and (known := f"{route.method} {_HERE}{route.path.removeprefix(_THERE)}") in MATRIX
}


class World:
    """A shop with one of everything, and the callers."""

    def __init__(self, data_dir: Path) -> None:
        bucket = data_dir / "bucket" / "january"
        bucket.mkdir(parents=True)
        (bucket / "distribution_centers.csv").write_text("id,name,latitude,longitude\n1,Memphis TN,35,-89\n")
        # A mark in every text of what belongs to the customer.
        self.customer = make_customer(first_name="Marked", last_name="Marked", email="marked@example.com")
        self.other = make_customer()
        product = make_product(category="Jeans", brand="Levi")
        self.order = make_order(self.customer, (make_product(category="Marked", brand="Marked"), 1000))
        make_order(None, (product, 1000))
        shelf = make_center()
        stocked = make_product(distribution_center_id=shelf)
        image = f"images/products/{product}/{'A' * 22}.png"
        until = clock.now() + timedelta(minutes=1)
        blobs.store().put(image, PNG, "image/png")
        self.talker = make_account_row(Role.CUSTOMER, customer_id=self.customer)
        session = make_session(self.talker, title="Marked", description="Marked")
        self.ids: dict[str, Any] = {
            "session": session.public_id,
            "message": make_message(session.public_id, "Marked").public_id,
            "figures": session.id,
            "profile": self.profile(),
            "reaction": 1,
            "template": make_template(self.talker),
            "promotion": make_promotion(used=1),
            "tax_rule": make_tax_rule(190_000, "Germany"),
            "shipping_rule": make_shipping_rule(495),
            "image": image,
            "png": PNG,
            "upload": local_uploads.sign(data_dir, Permission("images/a.png", "image/png", len(PNG), until)),
            "empty_center": make_center(),
            "sheet": f"id\r\n{product}\r\n",
            "customer": self.customer,
            "order": self.order,
            "open order": make_order(self.customer, (product, 1000), status="processing"),
            "product": product,
            "center": 0,
            "shelf": shelf,
            "stocked": stocked,
            "unit": make_stock(stocked, 9)[0],
            "account": make_account_row(Role.STAFF, username="target"),
            "webhook": make_webhook(),
            "delivery": make_delivery(),
            "archived": make_customer(),
            "experiment": make_experiment(),
            "draft": make_experiment("draft"),
            "model": write_model(blobs.store()),
            "address": make_address(self.customer, street_address="Marked"),
            "import": imports.request_import(
                blobs.store(), "january", source="january", strict=False, requested_by="robin"
            ),
        }

    def fill_a_cart(self) -> None:
        """Let the customer hold a cart, and a checkout of what is in it."""
        buyer = Caller(0, "customer", Role.CUSTOMER, self.customer, 0)
        with transaction() as connection:
            cart = carts.open_cart(connection, buyer)
            carts.add(connection, cart, self.ids["stocked"], 1)
        wish = checkouts.Wish(checkouts.Address("R", "Marked", "1", "Lyon", "France"))
        checkout_id = checkouts.begin(cart.public_id, buyer, wish, None)
        self.ids |= {"cart": cart.public_id, "checkout": checkout_id}

    def profile(self) -> int:
        """Let the customer have a profile."""
        with transaction() as connection:
            return int(profiles.open_profile(connection, self.talker)[0].id)

    def _made_for_target(self, target: str) -> dict[str, Any]:
        """Make what a request takes away."""
        if "{new address}" in target:
            return {"new address": make_address(self.customer)}
        if "{new session}" in target:
            return {"new session": make_session(self.talker).public_id}
        if "{new message}" in target:
            return {"new message": make_message(self.ids["session"]).public_id}
        if "{new profile}" in target:
            return {"new profile": self.profile()}
        if "{new template}" in target:
            return {"new template": make_template(self.talker)}
        return {}

    def headers(self, case: Case) -> dict[str, str]:
        return {**ANY_VERSION, "Idempotency-Key": f"key-{next(_numbers)}", **case.headers}

    def target(self, operation: str, case: Case) -> str:
        target = case.target or operation.partition(" ")[2]
        return target.format_map(self.ids | self._made_for_target(target))

    def body(self, case: Case) -> Any:
        return self._filled(case.body)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        if not isinstance(value, str) or not value.startswith("{"):
            return value
        name = value[1:-1]
        if name == "new":
            return f"new-{next(_numbers)}"
        return self.ids[name] if name in self.ids else self._made(name)

    def _made(self, name: str) -> str:
        email = f"new{next(_numbers)}@example.com"
        if name == "new email":
            return email
        purpose = Purpose(name.removesuffix(" token"))
        if purpose is Purpose.VERIFY:
            make_registration(email)
            return make_mailed_token(purpose, email=email)
        return make_mailed_token(purpose, email=email, account_id=make_account_row(Role.CUSTOMER))

    def token(self, caller: str) -> str | None:
        if caller == "nobody":
            return None
        if caller == "garbage":
            return "shk_garbage"
        if caller == "customer":
            return make_token(self.talker)
        role = Role.ADMIN if caller in BAD else Role(caller) if caller in STAFF else Role.CUSTOMER
        customer_id = self.other if caller == "other" else None
        account_id = make_account_row(role, customer_id=customer_id, is_active=caller != "switched off")
        if caller == "expired":
            return make_token(account_id, expires_at=clock.now() - timedelta(seconds=1))
        token = make_token(account_id)
        if caller == "revoked":
            assert Client(token).post("/api/auth/logout").status == 204
        return token


@pytest.fixture
def world(shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(auth, "password_matches", lambda password, _hash: password == PASSWORD)
    monkeypatch.setattr(sender, "resolve", lambda _place: ["192.0.2.1"])
    monkeypatch.setattr(sender, "post", lambda *_message: sender.Outcome(200, None, "", 1))
    made = World(tmp_path)
    with read() as connection:
        made.ids["fingerprint"] = product_bulk.preview(connection, made.ids["sheet"]).fingerprint
    made.ids["center"] = Client().get("/distribution-centers").json[0]["id"]
    made.fill_a_cart()
    return made


def test_every_operation_has_its_line_and_every_line_its_operation() -> None:
    declared = [f"{route.method} {route.path}" for route in routes]
    assert len(declared) == len(set(declared))
    assert set(MATRIX) == set(declared)
    served = {
        f"{method} {path}"
        for path, methods in app.routes.items()
        for method in methods
        if method not in ("HEAD", "OPTIONS")
    }
    assert served == set(declared), "nothing is served that is not declared"


def test_the_api_document_says_of_every_line_who_may_call() -> None:
    """Other programs read the document: its operations are the lines, and it asks for a token where they do."""
    described = {
        f"{method.upper()} {path}": operation
        for path, operations in api_document()["paths"].items()
        for method, operation in operations.items()
    }
    assert set(described) == set(MATRIX)
    for name, operation in described.items():
        statuses, security = MATRIX[name].statuses, operation["security"]
        open_to_all = security == [] or {} in security
        assert open_to_all is (statuses["nobody"] != 401) or "403" in operation["responses"], name
        # Where a token is never looked at, a bad one is not refused either.
        assert (security == []) is (statuses["garbage"] != 401), name
        if not open_to_all:
            roles = operation["description"].rpartition("For: ")[2]
            assert ("staff" not in roles and "admin" not in roles) or statuses["unlinked"] == 403, name


def test_every_line_speaks_of_every_caller() -> None:
    assert {tuple(sorted(case.statuses)) for case in MATRIX.values()} == {tuple(sorted(CALLERS))}


@pytest.mark.parametrize("operation", MATRIX)
def test_each_caller_is_answered_what_is_its_due(world: World, operation: str) -> None:
    method, case = operation.partition(" ")[0], MATRIX[operation]
    answered = {}
    for caller in CALLERS:
        client = Client(world.token(caller))
        target = world.target(operation, case)
        answer = client.request(method, target, world.body(case), world.headers(case))
        answered[caller] = answer.status
        if answer.status == 401:
            assert answer.headers["WWW-Authenticate"]
        if answer.status >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
        if method == "GET":
            head = client.request("HEAD", target)
            # What a GET has made is there then.
            expected = 200 if answer.status == 201 else answer.status
            assert (head.status, head.text) == (expected, "")
    assert answered == case.statuses


@pytest.mark.parametrize("header", ["", "Token", "Token ", "Basic cm9iaW46eA==", "shk_garbage", "Bearer \u00e9"])
def test_a_header_that_carries_no_token_opens_nothing(shop: Engine, header: str) -> None:
    for operation, case in MATRIX.items():
        if case.statuses["nobody"] == 401:
            method, _, path = operation.partition(" ")
            target = path.replace("{", "").replace("}", "")
            assert Client().request(method, target, None, {"Authorization": header}).status == 401


# Every way to ask for the rows of the customer.
OWNED = [
    ("GET /users", "/users", None),
    ("GET /users", "/users?after=", None),
    ("GET /users/{user_id}", "/users/{customer}", None),
    ("PATCH /users/{user_id}", "/users/{customer}", {"age": 41}),
    ("GET /users/{user_id}/export", "/users/{customer}/export", None),
    ("GET /users/{user_id}/behaviour", "/users/{customer}/behaviour", None),
    ("GET /users/{user_id}/behaviour", "/users/{customer}/behaviour?after=", None),
    ("GET /users/{user_id}/addresses", "/users/{customer}/addresses", None),
    ("GET /users/{user_id}/addresses", "/users/{customer}/addresses?after=", None),
    ("POST /users/{user_id}/addresses", "/users/{customer}/addresses", _PLACE),
    ("GET /users/{user_id}/addresses/{address_id}", "/users/{customer}/addresses/{address}", None),
    ("PATCH /users/{user_id}/addresses/{address_id}", "/users/{customer}/addresses/{address}", {"state": "Rhône"}),
    ("DELETE /users/{user_id}/addresses/{address_id}", "/users/{customer}/addresses/{new address}", None),
    ("GET /orders", "/orders", None),
    ("GET /orders", "/orders?after=", None),
    ("GET /orders", "/orders?user_id={customer}", None),
    ("GET /orders", "/orders?user_id={customer}&status=complete&after=", None),
    ("GET /orders/{order_id}", "/orders/{order}", None),
    ("GET /orders/{order_id}/timeline", "/orders/{order}/timeline", None),
    ("POST /orders/{order_id}/cancel", "/orders/{open order}/cancel", {"reason": "Marked"}),
    ("POST /orders/{order_id}/returns", "/orders/{order}/returns", {"reason": "other", "comment": "Marked"}),
    ("POST /ai/recommendations", "/ai/recommendations", {"user_id": "{customer}"}),
    ("POST /ai/recommendations", "/ai/recommendations", {"user_id": "{customer}", "category": "Marked"}),
]


def test_every_operation_on_rows_of_customers_is_among_those_that_are_tried() -> None:
    owned = {f"{route.method} {route.path}" for route in routes if route.access.owned}
    assert {operation for operation, _, _ in OWNED} == owned


@pytest.mark.parametrize("caller", ["other", "unlinked"])
@pytest.mark.parametrize(("operation", "target", "body"), OWNED)
def test_a_customer_never_sees_another_customers_row(
    world: World, caller: str, operation: str, target: str, body: dict[str, Any] | None
) -> None:
    def ask(who: str) -> Answer:
        client, case = Client(world.token(who)), Case({}, target, body)
        return client.request(
            operation.partition(" ")[0], world.target(operation, case), world.body(case), ANY_VERSION
        )

    assert ask("customer").status < 300
    answer = ask(caller)
    assert "arked" not in answer.text
    if answer.status == 200:
        assert all(row["id"] == world.other for row in answer.json)
    else:
        assert answer.status in (403, 404)


@pytest.mark.parametrize("operation", [name for name in MATRIX if MATRIX[name].statuses["admin"] < 300])
def test_every_path_is_also_taken_with_a_trailing_slash(world: World, operation: str) -> None:
    """As the gateway routes it: by Chalice's own matching of paths, not by the test client's."""
    case, method = MATRIX[operation], operation.partition(" ")[0]
    path, _, query = world.target(operation, case).partition("?")
    gateway = LocalGateway(app, Config.create(chalice_app=app, project_dir="."))
    statuses: list[int] = []
    for spelling in dict.fromkeys((path, path.rstrip("/") + "/")):
        body = world.body(case)
        if operation == "POST /accounts":
            body = {**(body or {}), "username": f"new{len(statuses)}"}
        if "{new " in (case.target or ""):
            spelling = spelling.replace(path, world.target(operation, case))
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {
            "authorization": f"Token {world.token('admin')}",
            "content-type": "application/json",
            **world.headers(case),
        }
        if operation == "DELETE /webhooks/{webhook_id}":
            spelling = spelling.replace(str(world.ids["webhook"]), str(make_webhook()))
        target = spelling + ("?" + query if query else "")
        statuses.append(gateway.handle_request(method, target, headers, sent)["statusCode"])
    assert set(statuses) == {case.statuses["admin"]}

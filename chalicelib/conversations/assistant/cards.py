"""What is shown beside an answer and told of it: cards of products, orders, policies and the cart, and the tools.

Money is decimal here, as it goes over the wire.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.commerce.sales.order_states import OrderStatus
from chalicelib.conversations.assistant.turns import CartFact, OrderFact, ProductFact, Reply, ToolResult
from chalicelib.core.config import settings
from chalicelib.core.money import from_cents


def attachments(reply: Reply, results: Sequence[ToolResult]) -> list[dict[str, Any]]:
    """Return the cards of an answer: its products and orders in its order, then what policies and cart say."""
    # What was found last is what is so now.
    products = {product.id: product for result in results for product in result.products}
    orders = {order.id: order for result in results for order in _richest_last(result.orders)}
    topics = {(policy.topic, policy.title): policy for result in results for policy in result.policies}
    carts = [result.cart for result in results if result.cart is not None]
    return [
        *(_product(products[each]) for each in dict.fromkeys(reply.product_ids) if each in products),
        *(_order(orders[each]) for each in dict.fromkeys(reply.order_ids) if each in orders),
        *({"type": "policy", "topic": topic, "title": title} for topic, title in topics),
        *(_cart(cart) for cart in carts[-1:]),
    ]


def _richest_last(orders: Sequence[OrderFact]) -> list[OrderFact]:
    return sorted(orders, key=lambda order: len(order.lines))


def _product(product: ProductFact) -> dict[str, Any]:
    reason = {} if product.reason is None else {"reason": product.reason}
    return {
        "type": "product",
        "product_id": product.id,
        "name": product.name,
        "brand": product.brand,
        "category": product.category,
        "price": from_cents(product.price_cents),
        "currency": settings().currency,
        "available": product.available,
        "image_url": product.image_url,
        **reason,
    }


def _order(order: OrderFact) -> dict[str, Any]:
    return {
        "type": "order",
        "order_id": order.id,
        "status": OrderStatus(order.status).wire,
        "total": None if order.total_cents is None else from_cents(order.total_cents),
        "currency": settings().currency,
        "units": order.units,
        "created_at": order.created_at,
        "shipped_at": order.shipped_at,
        "delivered_at": order.delivered_at,
        "returned_at": order.returned_at,
        "carrier": order.carrier,
        "tracking_number": order.tracking_number,
        "items": [
            {
                "item_id": line.id,
                "product_id": line.product_id,
                "name": line.name,
                "price": from_cents(line.price_cents),
                "status": OrderStatus(line.status).wire,
                "can_return": line.can_return,
            }
            for line in order.lines
        ],
    }


def _cart(cart: CartFact) -> dict[str, Any]:
    return {
        "type": "cart",
        "quantity": cart.units,
        "items_total": from_cents(cart.items_cents),
        "currency": settings().currency,
        "items": [
            {
                "product_id": line.product_id,
                "name": line.name,
                "quantity": line.quantity,
                "price": from_cents(line.price_cents),
            }
            for line in cart.lines
        ],
    }


def tools_used(results: Sequence[ToolResult]) -> list[Mapping[str, Any]]:
    """Return what was looked up or done for an answer, and how long it took."""
    return [
        {
            "name": result.call.name,
            "arguments": dict(result.call.arguments),
            "elapsed_ms": result.elapsed_ms,
            "results": len(result.products) + len(result.orders) + len(result.policies),
            "error": result.error,
            **({"needs_yes": True} if result.needs_yes else {}),
        }
        for result in results
    ]

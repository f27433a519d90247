"""Recommending to somebody: to a customer by all that it did, to a visitor by its last clicks.

The history is read at each request, so that what was done a second ago counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chalicelib.commerce.customers import customers
from chalicelib.commerce.sales.bought import Bought, bought_by
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.recommendations.measuring import experiments
from chalicelib.recommendations.measuring.experiments import Variant
from chalicelib.recommendations.models import live
from chalicelib.recommendations.serving import from_sales, request_ids
from chalicelib.recommendations.serving.deeds import deeds_of
from chalicelib.recommendations.serving.wishes import Found, Person, Wish
from chalicelib.recommendations.signals import interactions
from chalicelib.recommendations.signals.interactions import Signal

# Rarer purchases than the first twenty kinds say little.
_MOST_PREFERENCES = 20
# What is older than so many things hardly counts.
_HISTORY = 200


def to_customer(
    connection: Connection, customer_id: int, wish: Wish, *, owner_id: int | None, shown: bool = True
) -> Found:
    """Return what to show to a customer, with what it buys most; not `shown` to it, it takes part in no experiment.

    Raises:
        NotFound: there is no such customer, or `owner_id` may not see it.
    """
    if owner_id not in (None, customer_id):
        raise NotFound(f"There is no customer {customer_id}.")
    past = _past_of(connection, Person(customer_id=customer_id))
    if owner_id is None and not past.signals:  # who did something is there
        customers.get_customer(connection, customer_id, owner_id=None)
    found = _recommend(connection, Person(customer_id=customer_id), past, wish, shown=shown)
    return replace(found, preferences=past.bought.preferences)


def to_visit(connection: Connection, person: Person, wish: Wish) -> Found:
    """Return what to show in a visit: of a customer by what it did, of a visitor by what was done under its id.

    Who merely knows a visitor's id learns nothing of what the customer bought who signed in there.
    """
    return _recommend(connection, person, _past_of(connection, person), wish)


@dataclass(frozen=True, slots=True)
class _Past:
    """What somebody did, oldest first, and what it bought."""

    signals: Sequence[Signal] = ()
    bought: Bought = field(default_factory=Bought)


def _past_of(connection: Connection, person: Person) -> _Past:
    """Return what a person did until now: a statement for what it bought, one for all else."""
    if person.customer_id is None and person.visitor is None:
        return _Past()
    bought = Bought()
    if person.customer_id is not None:
        bought = bought_by(connection, person.customer_id, preferences=_MOST_PREFERENCES)
    signals = interactions.history_of(
        connection,
        customer_id=person.customer_id,
        visitor=person.visitor,
        limit=_HISTORY,
        purchases=bought.purchases,
    )
    return _Past(signals, bought)


def _recommend(connection: Connection, person: Person, past: _Past, wish: Wish, *, shown: bool = True) -> Found:
    now = clock.now()
    variant = _variant_of(connection, person) if shown else None
    if wish.diversity is None and variant is not None and variant.overrides.diversity is not None:
        wish = replace(wish, diversity=variant.overrides.diversity)
    algorithm = None if variant is None else variant.overrides.algorithm
    deeds, preferences = deeds_of(past.signals, wish.context, now), past.bought.preferences
    if algorithm == "popularity":
        deeds, preferences = [], ()
    model = None if algorithm == "preferences" else live.current()
    if model is None:
        items, algorithm = from_sales.personal(connection, person.customer_id, deeds, preferences, wish, now=now)
    else:
        # numpy: only who asks for recommendations pays for it
        from chalicelib.recommendations.serving import from_model

        # What one looks at just now one sees; what one has one needs no more.
        without = {*wish.context, *(past.bought.product_ids if wish.exclude_purchased else ())}
        items = from_model.personal(connection, model, deeds, wish, without=without, now=now)
        algorithm = algorithm or "model"
    version = None if model is None else model.version
    name = None if variant is None else variant.name
    return Found(items, algorithm, request_ids.make(version, name or request_ids.NONE), version, name)


def _variant_of(connection: Connection, person: Person) -> Variant | None:
    """Return the arm of the experiment that the person takes part in, if any."""
    if person.customer_id is not None:
        found = experiments.variant_for(connection, f"c:{person.customer_id}")
    elif person.visitor is not None:
        found = experiments.variant_for(connection, f"v:{person.visitor}")
    else:
        return None
    return None if found.name == request_ids.NONE else found

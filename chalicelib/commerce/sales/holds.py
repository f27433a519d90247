"""How much guests may hold at once from one place: nobody empties the shelves by checkouts that are never paid.

Customers need no such bound: each has one cart, and an e-mail address that was proved.
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address, ip_address

from chalicelib.commerce.sales import holds_sql
from chalicelib.commerce.sales.carts import MAX_UNITS
from chalicelib.core.database import Connection
from chalicelib.core.errors import TooManyRequests

# Who waits for a quarter of an hour finds the units free again; a minute is when the first of them may be.
_ASK_AGAIN_S = 60


class TooMuchHeld(TooManyRequests):
    """From this place as much is held as one cart can hold; what is paid for, or given up, does not count."""

    code = "too-much-held"
    title = "Too much held at once"


def client_key(address: str) -> str:
    """Return under which key a client's network address is kept: a hash; of IPv6 that of the network it is in."""
    try:
        parsed = ip_address(address)
    except ValueError:
        parsed = None
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            address = str(parsed.ipv4_mapped)
        else:
            # Whoever has one address of these 2**64 has all of them.
            address = str(IPv6Address(int(parsed) >> 64 << 64))
    return hashlib.sha256(address.encode()).hexdigest()


def note_guest(connection: Connection, checkout_id: int, units: int, address: str) -> None:
    """Note from where a guest begins a checkout of so many units.

    Two at once may make it a little more than the bound, which only has to keep the shelves from being emptied.

    Raises:
        TooMuchHeld: with those that are held from there it would be more than a cart holds.
    """
    key = client_key(address)
    held = holds_sql.count_held(connection, key)
    if held + units > MAX_UNITS:
        raise TooMuchHeld(
            f"Guests of your network hold {held} units that are not paid for; at most {MAX_UNITS} can be.",
            retry_after_s=_ASK_AGAIN_S,
        )
    holds_sql.update_client(connection, checkout_id, key)

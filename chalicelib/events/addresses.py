"""Which network addresses the public internet has: webhooks go to no others. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# The one relay of 6to4, which `is_global` takes for an address like others.
_RELAY_6TO4 = ip_network("192.88.99.0/24")
# Inside the global range, but tunnels into IPv4 (Teredo, 6to4) or set aside for documentation.
_NOT_PUBLIC = (IPv6Network("2001::/32"), IPv6Network("2002::/16"), IPv6Network("3fff::/20"))


def is_public(text: str) -> bool:
    """Tell whether an address, as the resolver writes it, is one of the public internet.

    An IPv4 address inside an IPv6 one (mapped, NAT64) counts as itself; what tunnels elsewhere never does.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return _is_public_v4(address) if isinstance(address, IPv4Address) else _is_public_v6(address)


def _is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and address not in _RELAY_6TO4


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    if address.ipv4_mapped is not None:
        return _is_public_v4(address.ipv4_mapped)
    if address in _NAT64:
        return _is_public_v4(IPv4Address(int(address) & 0xFFFFFFFF))
    if address not in _GLOBAL_UNICAST or any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global

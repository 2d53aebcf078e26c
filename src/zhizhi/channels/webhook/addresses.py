"""Which addresses a web request may go to: never into the house's own network by accident."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
UNICAST = ipaddress.ip_network("2000::/3")  # all of IPv6 that is given out; the rest leads nowhere
SPECIAL = tuple(
    ipaddress.ip_network(one) for one in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")
)  # protocols, old relays, examples: Python's tables call some of them global


class AddressRefused(Exception):
    """The address is not a public one and nobody has allowed it."""


class AddressUnknown(Exception):
    """The name cannot be resolved just now."""


def public_address(url: str, *, allowed: Sequence[str]) -> tuple[str, str]:
    """Return host and the IP address to connect to for ``url``.

    Every address that the name has must be public or allowed, and the connection goes to the
    address that was checked, so that a name that changes its mind in between gains nothing.
    ``allowed`` holds host names, addresses and networks. Raises AddressRefused, AddressUnknown.
    """
    host, port = _place(url)
    found = _resolve(host, port)
    for address in found:
        if host not in allowed and not _is_allowed(address, allowed) and not is_public(address):
            message = f"{host} is {address}, which is not public"
            raise AddressRefused(message)
    return host, str(found[0])


def _place(url: str) -> tuple[str, int]:
    """Return host and port of ``url``; its text, which may hold a secret, is not repeated."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port or an IPv6 address that cannot be
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        message = "the subscriber's address is not a web address"
        raise AddressRefused(message)
    return host, port or (443 if parts.scheme == "https" else 80)


def _resolve(host: str, port: int) -> list[Address]:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # the latter for a part of over 63 letters
        message = f"{host} cannot be resolved"
        raise AddressUnknown(message) from error
    return [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows]


def is_public(address: Address) -> bool:
    """Say whether ``address`` lies in the public Internet, also when wrapped in IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address not in UNICAST:
            return False
    is_special = any(address in network for network in SPECIAL)
    return address.is_global and not address.is_multicast and not is_special


def _is_allowed(address: Address, allowed: Sequence[str]) -> bool:
    for entry in allowed:
        try:
            if address in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:  # a host name
            continue
    return False

"""IP addresses of people's machines; addresses that the standards keep for documentation are nobody's.

Layer: pipeline.
"""

from __future__ import annotations

import ipaddress

from pipeline.profile.personal.base import Column, Detector, Finding, percent

# RFC 5737 and RFC 3849
_NOBODYS = tuple(
    ipaddress.ip_network(net)
    for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


def _is_somebodys(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return False
    return (
        not any(address in net for net in _NOBODYS) and not address.is_unspecified and not address.is_loopback
    )


def _weigh(column: Column) -> Finding | None:
    if not any("." in value or ":" in value for value in column.distinct[:50]):
        return None
    fit = column.share(_is_somebodys)
    if fit < 0.6:
        return None
    return Finding(
        pii_class="ip_address", score=0.6 + fit * 0.35, reasons=(f"{percent(fit)} are IP addresses",)
    )


DETECTOR = Detector(pii_class="ip_address", action="redact", meaning="IP addresses", weigh=_weigh)

"""The shop: jobs, machines, buffers and what happens to them."""

from headway.simulate.shop.realisation import (
    ChangeKind,
    Changes,
    OnOutage,
    Outages,
    Realisation,
)

__all__ = ["ChangeKind", "Changes", "OnOutage", "Outages", "Realisation"]

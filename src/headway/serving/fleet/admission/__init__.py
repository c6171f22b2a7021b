"""Admission: who may ask how much, for how much money, before a router is asked."""

from headway.serving.fleet.admission.bucket import TokenBucket
from headway.serving.fleet.admission.budget import FREE, Budget, Prices
from headway.serving.fleet.admission.limits import TenantLimits
from headway.serving.fleet.admission.tenants import Tenant, Usage

__all__ = ["FREE", "Budget", "Prices", "Tenant", "TenantLimits", "TokenBucket", "Usage"]

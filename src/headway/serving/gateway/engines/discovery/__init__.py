"""Engines that are found by a name instead of fixed addresses."""

from __future__ import annotations

from headway.serving.gateway.engines.discovery.api import Api, ApiServer
from headway.serving.gateway.engines.discovery.finders import by_name, by_service
from headway.serving.gateway.engines.discovery.kubernetes import Service
from headway.serving.gateway.engines.discovery.names import Name
from headway.serving.gateway.engines.discovery.places import Places, keep_looking

__all__ = ["Api", "ApiServer", "Name", "Places", "Service", "by_name", "by_service", "keep_looking"]

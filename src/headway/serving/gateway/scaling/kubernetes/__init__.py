"""Engines as pods of Deployments of Kubernetes."""

from headway.serving.gateway.scaling.kubernetes.deployment import Deployment
from headway.serving.gateway.scaling.kubernetes.hands import Deployments

__all__ = ["Deployment", "Deployments"]

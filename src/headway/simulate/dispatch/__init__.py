"""Dispatching of static job shops: classic rules, linear rules, and decoders around them."""

from headway.simulate.dispatch.dispatcher import (
    Beam,
    Decoder,
    Dispatcher,
    Greedy,
    Sampled,
    dispatch,
)
from headway.simulate.dispatch.features import FEATURES, FEATURES_VERSION, FIGURES
from headway.simulate.dispatch.rules import RULES, linear
from headway.simulate.dispatch.shop import JobShop, obstacle
from headway.simulate.dispatch.world import DispatchWorld

__all__ = [
    "FEATURES",
    "FEATURES_VERSION",
    "FIGURES",
    "RULES",
    "Beam",
    "Decoder",
    "DispatchWorld",
    "Dispatcher",
    "Greedy",
    "JobShop",
    "Sampled",
    "dispatch",
    "linear",
    "obstacle",
]

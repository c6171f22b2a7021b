"""A pool of key-value cache beside the engines of a fleet, shared by all (AIBrix's KV cache)."""

from headway.serving.fleet.pool.shared import CachePool, Fetch, PoolUse, SharedPool
from headway.serving.fleet.pool.tiers import Lru, S3Fifo, Tier, tier

__all__ = [
    "CachePool",
    "Fetch",
    "Lru",
    "PoolUse",
    "S3Fifo",
    "SharedPool",
    "Tier",
    "tier",
]

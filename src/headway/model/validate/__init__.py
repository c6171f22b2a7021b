"""The check of a problem for being well formed."""

from headway.model.validate.basics import LARGEST_AMOUNT, LARGEST_COST
from headway.model.validate.check import validate

__all__ = ["LARGEST_AMOUNT", "LARGEST_COST", "validate"]

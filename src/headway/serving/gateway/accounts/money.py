"""Money in whole billionths, so that sums are exact and the same in every order."""

from __future__ import annotations

from dataclasses import dataclass

NANO = 1_000_000_000
"""Parts of one unit of the currency in which money is counted."""

_MILLION = 1_000_000


def nano(amount: float) -> int:
    """Return an amount of the currency in billionths, rounded to the nearest."""
    return round(amount * NANO)


@dataclass(frozen=True, slots=True)
class Rates:
    """What a million tokens of a model cost, in billionths.

    Attributes
    ----------
    prompt, cached, output
        Of prompts that are computed, of those found in a cache, and of answers.
    """

    prompt: int = 0
    cached: int = 0
    output: int = 0

    @classmethod
    def per_million(cls, prompt: float, output: float, cached: float | None = None) -> Rates:
        """Return rates from prices; cached prompts cost as much as others by default."""
        return cls(nano(prompt), nano(prompt if cached is None else cached), nano(output))

    def of(self, prompt_tokens: int, cached_tokens: int, output_tokens: int) -> int:
        """Return what a request costs, rounded up; cached tokens are some of the prompt's."""
        computed = prompt_tokens - cached_tokens
        total = self.prompt * computed + self.cached * cached_tokens + self.output * output_tokens
        return -(-total // _MILLION)

    def most(self, prompt_tokens: int, limit_tokens: int) -> int:
        """Return the most that a request can cost."""
        dearest = max(self.prompt, self.cached)
        return -(-(dearest * prompt_tokens + self.output * limit_tokens) // _MILLION)

"""Schedules from dispatching rules, with more or less effort."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeAlias

from headway import _core
from headway.errors import ConfigError, VerificationError
from headway.model import Problem, Schedule, verify
from headway.model.tables import Ints
from headway.simulate import decode
from headway.simulate.dispatch.rules import RULES, native
from headway.simulate.dispatch.shop import JobShop
from headway.simulate.dispatch.world import DispatchWorld
from headway.simulate.policy import Policy
from headway.solve.search import Halt


@dataclass(frozen=True, slots=True)
class Greedy:
    """One pass: the candidate with the best score each time, the lowest job of equals."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """The best of several passes: one without noise, then passes that vary.

    Parameters
    ----------
    passes
        How many, the first included.
    temperature
        Scores get standard Gumbel noise times this, which draws candidates by a softmax.
    spread
        Scores are multiplied by 1 plus or minus at most this, uniformly: noise for classic rules,
        whose scores have units. Goes with ``share`` 1 only.
    share
        With 1, passes are independent, and a greater number of passes begins with the same ones.
        With less, every operation has noise of its own; each pass draws so much of it anew and
        keeps the rest of the best pass so far, which makes it a search.
    both_ways
        Make every second pass in the shop in which time runs backwards, if nothing is released
        late. Which way is easier depends on the instance.
    """

    passes: int = 128
    temperature: float = 0.5
    spread: float = 0.0
    share: float = 1.0
    both_ways: bool = False

    def __post_init__(self) -> None:
        if self.passes < 1:
            raise ConfigError(f"passes: expected at least 1, got {self.passes}")
        if not 0 < self.share <= 1:
            raise ConfigError(f"share: expected more than 0, at most 1, got {self.share}")
        for name in ("temperature", "spread"):
            if not 0 <= getattr(self, name) <= 1e9:
                raise ConfigError(f"{name}: expected 0 to 1e9, got {getattr(self, name)}")
        if self.spread and self.share < 1:
            raise ConfigError("spread: needs independent passes, share 1")


@dataclass(frozen=True, slots=True)
class Beam:
    """Several partial schedules side by side, each judged by a greedy pass to its end.

    Parameters
    ----------
    width
        Partial schedules kept after each operation; 1 for a rollout.
    breadth
        Candidates tried from each.
    """

    width: int = 4
    breadth: int = 3

    def __post_init__(self) -> None:
        for name in ("width", "breadth"):
            if not 1 <= getattr(self, name) <= 1_000_000:
                raise ConfigError(f"{name}: expected 1 to a million, got {getattr(self, name)}")


Decoder: TypeAlias = Greedy | Sampled | Beam


class Dispatcher:
    """Dispatching rules on one job shop.

    Parameters
    ----------
    problem
        A problem with no `headway.simulate.dispatch.obstacle`.
    delta
        From 0 to 1: how far ahead of the earliest start candidates may lie; see `DispatchWorld`.

    Raises
    ------
    UnsupportedError
        If the problem is no job shop.
    ConfigError
        If delta is out of range.
    """

    def __init__(self, problem: Problem, delta: float = 0.0) -> None:
        if not 0 <= delta <= 1:
            raise ConfigError(f"delta: expected 0 to 1, got {delta}")
        self.shop = JobShop(problem)
        self.delta = delta

    def run(
        self,
        policy: str | Policy,
        decoder: Decoder | None = None,
        *,
        seed: int = 0,
        halt: Halt | None = None,
        on_improvement: Callable[[Schedule], None] | None = None,
    ) -> Schedule | None:
        """Return the best schedule that a policy and a decoder find.

        Parameters
        ----------
        policy
            Name of a rule of `RULES`, or any policy over its columns. Rules of the book and
            weighted sums of `FEATURES` run in native code, any other policy in Python.
        decoder
            How much effort is spent; `Greedy` by default.
        seed
            Seed of all random choices. Native passes are the same for a seed on every machine with
            IEEE 754 arithmetic; those in Python wherever numpy's generators and the policy are.
        halt
            Flag to look at; native code only.
        on_improvement
            Called with each better schedule; native code only.

        Returns
        -------
        Schedule
            Verified; None if it was halted before the first pass had ended.

        Raises
        ------
        UnknownNameError
            If there is no such rule.
        VerificationError
            If the schedule does not hold; a defect of Headway.
        """
        rule = RULES.find(policy)
        decoder = decoder or Greedy()
        known = native(rule, self.delta)
        if known is None:
            return _verified(self._in_python(rule, decoder, seed), rule)
        best: Schedule | None = None

        def take(start: Ints) -> None:
            nonlocal best
            schedule = self.shop.schedule(start)
            if best is None or schedule.makespan < best.makespan:
                best = schedule
                if on_improvement is not None:
                    on_improvement(best)

        flag = _core.StopFlag()
        waiting: AbstractContextManager[None] = halt.calling(flag.set) if halt else nullcontext()
        with waiting:
            if isinstance(decoder, Beam):
                width, breadth = decoder.width, decoder.breadth
                _core.dispatch_beam(
                    self.shop.native, known, width, breadth, flag, lambda _, start: take(start)
                )
            else:
                blind = rule is RULES.rules["RANDOM"]
                sampled = decoder if isinstance(decoder, Sampled) else Sampled(1)
                self._sample(known, sampled, seed % 2**64, flag, take, blind=blind)
        return None if best is None else _verified(best, rule)

    def _sample(
        self,
        rule: _core.DispatchRule,
        sampled: Sampled,
        seed: int,
        flag: _core.StopFlag,
        take: Callable[[Ints], None],
        *,
        blind: bool,
    ) -> None:
        """Make the passes, and report the starts of those that are better in their direction."""
        backward = self.shop.backward if sampled.both_ways else None
        second = sampled.passes // 2 if backward is not None else 0

        def report(_value: int, start: Ints) -> None:
            take(start)

        def report_turned(_value: int, start: Ints) -> None:
            take(self.shop.forward(start))

        for shop, count, listener in (
            (self.shop.native, sampled.passes - second, report),
            (backward, second, report_turned),
        ):
            if shop is not None and count:
                _core.dispatch_sampled(
                    shop,
                    rule,
                    count,
                    1.0 if blind else sampled.temperature,
                    sampled.spread,
                    sampled.share,
                    blind,
                    seed,
                    flag,
                    listener,
                )

    def _in_python(self, policy: Policy, decoder: Decoder, seed: int) -> Schedule:
        world = DispatchWorld(self.shop, self.delta)
        if isinstance(decoder, Beam):
            world = decode.beam(world, policy, decoder.width, breadth=decoder.breadth)
        elif isinstance(decoder, Sampled):
            if decoder.spread or decoder.share < 1 or decoder.both_ways:
                raise ConfigError(
                    "spread, share, both_ways: only for rules that run in native code"
                )
            world = decode.best_of(
                world, policy, decoder.passes, temperature=decoder.temperature, seed=seed
            )
        else:
            world = decode.greedy(world, policy)
        return world.schedule()


def dispatch(
    problem: Problem,
    policy: str | Policy,
    decoder: Decoder | None = None,
    *,
    delta: float = 0.0,
    seed: int = 0,
) -> Schedule:
    """Return the schedule of a job shop that a dispatching rule makes.

    Parameters
    ----------
    problem, delta
        As for `Dispatcher`.
    policy, decoder, seed
        As for `Dispatcher.run`.

    Returns
    -------
    Schedule
        Verified.

    Examples
    --------
    >>> import headway as hw
    >>> from headway.simulate.dispatch import Sampled, dispatch
    >>> dispatch(hw.instance("ft10"), "LTAIL").makespan
    1090
    >>> dispatch(hw.instance("ft10"), "LTAIL", Sampled(128, 0, spread=0.2)).makespan
    1022
    """
    schedule = Dispatcher(problem, delta).run(policy, decoder, seed=seed)
    assert schedule is not None
    return schedule


def _verified(schedule: Schedule, policy: Policy) -> Schedule:
    report = verify(schedule.problem, schedule)
    if not report.ok:
        raise VerificationError(
            f"dispatching {schedule.problem.name} by {policy.name!r} gave an invalid schedule:"
            f" {report[0].message}; please report this"
        )
    return schedule

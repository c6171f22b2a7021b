"""A cache of sessions under a replay of programs: what has to be computed again."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from headway.errors import ConfigError
from headway.serving.agents.eviction import Evictor, Pool
from headway.serving.agents.programs import Bools, Ints, Programs, Spans


@dataclass(frozen=True, eq=False)
class CacheRun:
    """What happened to a cache.

    Attributes
    ----------
    evictor
        Who decided.
    capacity_tokens
        Size of the cache.
    prefilled_tokens
        Tokens of each prompt that were computed, shape (total,).
    evictions
        Sessions that had to leave.
    most_running_tokens
        The most that running sessions held at once; what is more than the capacity is overcommit.
    """

    evictor: str
    capacity_tokens: int
    prefilled_tokens: Ints = field(repr=False)
    evictions: int
    most_running_tokens: int

    @property
    def cost(self) -> int:
        """Prompt tokens computed, all together."""
        return int(self.prefilled_tokens.sum())


def replay(
    programs: Programs,
    spans: Spans,
    capacity_tokens: int,
    evictor: Evictor,
    *,
    signals: Bools | None = None,
) -> CacheRun:
    """Return what a cache of whole sessions does if steps run at known times.

    A running session holds its prompt and its output and cannot leave. While more is held than the
    capacity idle sessions leave, whole; if running ones alone hold more, they do. Times are given,
    so that every evictor meets the same requests.

    Parameters
    ----------
    programs
        What is asked.
    spans
        When.
    capacity_tokens
        Size of the cache, at least 1.
    evictor
        Decides who leaves.
    signals
        After which steps a session says that it is done, shape (total,); by default after each
        last one. All False is an agent that never says it; flags that are wrong mislead.

    Raises
    ------
    ConfigError
        If the capacity or the shapes do not fit.

    Notes
    -----
    O(k) for each session that leaves, with k idle ones.
    """
    total = len(programs.tool)
    is_final = programs.is_last if signals is None else signals
    if capacity_tokens < 1:
        raise ConfigError(f"capacity_tokens: expected at least 1, got {capacity_tokens}")
    if spans.begin_s.shape != (total,) or is_final.shape != (total,):
        raise ConfigError(f"expected spans and signals of {total} steps")
    return _Cache(programs, spans, capacity_tokens, evictor, is_final).run()


class _Cache:
    """State of a replay; sessions are known by the step that they ran last."""

    def __init__(
        self, programs: Programs, spans: Spans, capacity: int, evictor: Evictor, is_final: Bools
    ) -> None:
        total = len(programs.tool)
        self._spans, self._capacity, self._evictor = spans, capacity, evictor
        self._program, self._tool, self._is_final = programs.program, programs.tool, is_final
        self._said = programs.prompt_tokens + programs.output_tokens
        self._prompt, self._reusable = programs.prompt_tokens, programs.reusable_tokens
        self._is_first = programs.is_first
        self._next_s = np.where(programs.is_last, np.inf, np.append(spans.begin_s[1:], np.inf))
        self._idle: dict[int, None] = {}
        self._used = self._running = self._most_running = self._evictions = 0
        self._prefilled = np.zeros(total, dtype=np.int64)

    def run(self) -> CacheRun:
        total = len(self._tool)
        times = np.concatenate([self._spans.begin_s, self._spans.end_s])
        begins = np.repeat([True, False], total)
        steps = np.tile(np.arange(total), 2)
        # At one instant steps end before others begin, but not before they themselves began.
        instant = self._spans.begin_s == self._spans.end_s
        late = np.where(begins, 1, np.where(instant[steps], 2, 0))
        for event in np.lexsort((steps, late, times)).tolist():
            happen = self._begin if begins[event] else self._end
            happen(int(steps[event]), float(times[event]))
        return CacheRun(
            evictor=self._evictor.name,
            capacity_tokens=self._capacity,
            prefilled_tokens=self._prefilled,
            evictions=self._evictions,
            most_running_tokens=self._most_running,
        )

    def _begin(self, step: int, now_s: float) -> None:
        prompt, before = int(self._prompt[step]), step - 1
        hit = 0
        if not self._is_first[step]:
            said = int(self._said[before])
            waited_s = now_s - float(self._spans.end_s[before])
            self._evictor.resumed(int(self._tool[before]), waited_s, max(prompt - said, 0))
            if before in self._idle:
                del self._idle[before]
                self._used -= said
                hit = int(self._reusable[step])
        self._prefilled[step] = prompt - hit
        needed = int(self._said[step])
        self._running += needed
        self._most_running = max(self._most_running, self._running)
        self._used += needed
        self._fit(now_s)

    def _end(self, step: int, now_s: float) -> None:
        self._running -= int(self._said[step])
        self._idle[step] = None
        self._fit(now_s)

    def _fit(self, now_s: float) -> None:
        while self._used > self._capacity and self._idle:
            self._evict(now_s)

    def _evict(self, now_s: float) -> None:
        # In order of programs, so that ties do not hang on who came when.
        last = np.sort(np.fromiter(self._idle, dtype=np.int64, count=len(self._idle)))
        unknown = np.full(len(last), np.nan)
        pool = Pool(
            now_s=now_s,
            used=self._used / self._capacity,
            session=self._program[last],
            tokens=self._said[last],
            since_s=self._spans.end_s[last],
            tool=self._tool[last],
            is_final=self._is_final[last],
            next_s=self._next_s[last] if self._evictor.clairvoyant else unknown,
        )
        victim = int(last[int(np.argmax(self._evictor.rank(pool)))])
        del self._idle[victim]
        self._used -= int(self._said[victim])
        self._evictions += 1

"""A shop as a game of its machines, for PettingZoo: each machine is an agent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError, MissingExtraError
from headway.learn.environments.decisions import Observation, observed
from headway.simulate.decode import World
from headway.simulate.expression import Expression, parse
from headway.simulate.policy import Decision

try:
    from gymnasium import spaces
    from pettingzoo import AECEnv
except ImportError:
    raise MissingExtraError(
        "games need gymnasium and PettingZoo; install them with: pip install 'headway[learn]'"
    ) from None


class MachineGame(AECEnv[str, dict[str, Any], int]):  # type: ignore[misc]
    """A world in which the machine that is free chooses.

    The agent whose turn it is sees its own candidates, row by row, and takes one. All agents share
    one reward: how much the world's value falls, with a minus sign.

    Parameters
    ----------
    make
        Makes the world with the luck of a seed. Its candidates have a column ``machine``, and the
        world decides machine by machine.
    machines
        Names of the machines, by their number in that column.
    features
        What is seen of a candidate: expressions over the columns of the world, or their texts.
    most
        Rows; candidates of a machine beyond it cannot be chosen.
    scale
        Rewards are divided by it.

    Notes
    -----
    Observations are dictionaries of ``observation``, shape (most, n_features), and
    ``action_mask``, shape (most,), all zero for machines that have no choice now. An action that
    is not allowed counts as the first one that is.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 - PettingZoo's own name
        "name": "machines_v0",
        "render_modes": [],
        "is_parallelizable": False,
    }

    def __init__(
        self,
        make: Callable[[int], World],
        machines: Sequence[str],
        features: Sequence[str | Expression],
        *,
        most: int = 32,
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        if not machines or not features or most < 1 or not scale > 0:
            raise ConfigError("expected machines, features, at least one row and a positive scale")
        self.possible_agents = list(machines)
        self.render_mode = None
        self._features = tuple(parse(f) if isinstance(f, str) else f for f in features)
        self._make, self._most, self._scale = make, most, scale
        self._rng = np.random.default_rng()
        space = spaces.Dict(
            {
                "observation": spaces.Box(
                    -np.inf, np.inf, (most, len(self._features)), dtype=np.float32
                ),
                "action_mask": spaces.Box(0, 1, (most,), dtype=np.int8),
            }
        )
        self._observation_spaces = dict.fromkeys(self.possible_agents, space)
        self._action_spaces = {
            agent: spaces.Discrete(most, seed=k) for k, agent in enumerate(self.possible_agents)
        }

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """Return what an agent can see."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """Return what an agent can do."""
        return self._action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin a game; ``options={"luck": 7}`` chooses its luck."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        luck = int((options or {}).get("luck", self._rng.integers(2**31)))
        self._world = self._make(luck)
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        self.agent_selection = self.agents[0]
        self._go_on()

    def observe(self, agent: str) -> dict[str, Any]:
        """Return what an agent sees now."""
        seen = np.zeros((self._most, len(self._features)), dtype=np.float32)
        rows = self._rows(agent)
        if len(rows):
            assert self._decision is not None
            seen[: len(rows)] = self._table(self._decision)[rows]
        return {"observation": seen, "action_mask": self._mask(len(rows))}

    def step(self, action: int | None) -> None:
        """Carry out the choice of the agent whose turn it is."""
        agent = self.agent_selection
        if self.terminations[agent]:
            self._was_dead_step(action)
            return
        rows = self._rows(agent)
        chosen = int(action) if action is not None and 0 <= int(action) < len(rows) else 0
        self._cumulative_rewards[agent] = 0.0
        before = self._world.value
        self._world.apply(int(rows[chosen]))
        self._go_on()
        reward = float(before - self._world.value) / self._scale
        self.rewards = dict.fromkeys(self.agents, reward)
        self._accumulate_rewards()

    def render(self) -> None:
        """Draw nothing; a finished world becomes a trace, which draws itself."""

    def close(self) -> None:
        """Free nothing."""

    def _go_on(self) -> None:
        """Move on to the next decision and to the machine whose it is."""
        self._decision = self._world.decision()
        if self._decision is None:
            self.terminations = dict.fromkeys(self.agents, True)
            self.agent_selection = self.agents[0]
            return
        machine = int(np.broadcast_to(self._decision.columns["machine"], len(self._decision))[0])
        self.agent_selection = self.possible_agents[machine]

    def _rows(self, agent: str) -> NDArray[np.intp]:
        """Return the candidates of an agent, as far as it sees them."""
        if self._decision is None or agent != self.agent_selection:
            return np.zeros(0, dtype=np.intp)
        machine = np.broadcast_to(self._decision.columns["machine"], len(self._decision))
        mine = np.flatnonzero(machine == self.possible_agents.index(agent))
        return mine[: self._most]

    def _table(self, decision: Decision) -> Observation:
        return observed(decision, self._features)

    def _mask(self, size: int) -> NDArray[np.int8]:
        mask = np.zeros(self._most, dtype=np.int8)
        mask[:size] = 1
        return mask

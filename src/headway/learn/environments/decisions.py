"""Any world as a gymnasium environment: observe the candidates, choose one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError, MissingExtraError
from headway.simulate.decode import World
from headway.simulate.expression import Expression, parse
from headway.simulate.policy import Decision, Policy

try:
    import gymnasium
    from gymnasium import spaces
except ImportError:
    raise MissingExtraError(
        "environments need gymnasium; install it with: pip install 'headway[learn]'"
    ) from None

Observation: TypeAlias = NDArray[np.float32]
_World = TypeVar("_World", bound=World)

_LUCK = 2**31


class DecisionEnvironment(gymnasium.Env[Observation, np.int64], Generic[_World]):
    """A world whose policy is the agent.

    An observation has a row of features for each candidate, and zeros below. An action is the row
    of a candidate, or the last action of all, which waits. Rewards are how much the world's value
    falls (it never does) or rises, with a minus sign, so that they add up to minus the final value.

    Parameters
    ----------
    make
        Makes the world with the luck of a seed.
    features
        What is seen of a candidate: expressions over the columns of the world, or their texts.
    most
        Rows. Candidates beyond it are not seen and cannot be chosen; ``info["hidden"]`` says how
        many there are.
    scale
        Rewards are divided by it.
    render_mode
        None or ``"ansi"``: one line of text on the present decision.

    Notes
    -----
    ``info["action_mask"]`` (``int8``, shape (most + 1,)) says which actions are allowed. One that
    is not counts as the first one that is, and ``info["illegal"]`` says so. The luck of an episode
    is drawn from the seed of `reset`; ``options={"luck": 7}`` chooses it.

    Examples
    --------
    >>> from headway.simulate.shop import Realisation, ShopWorld
    >>> from headway.instances import instance
    >>> def make(seed):
    ...     return ShopWorld(Realisation.of(instance("ft06")))
    >>> env = DecisionEnvironment(make, ["p", "R - p", "wait"], most=6)
    >>> observation, info = env.reset(seed=1)
    >>> observation.shape, info["action_mask"].tolist()
    ((6, 3), [1, 1, 1, 1, 1, 1, 1])
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"]}  # noqa: RUF012 - gymnasium's own name

    def __init__(
        self,
        make: Callable[[int], _World],
        features: Sequence[str | Expression],
        *,
        most: int = 64,
        scale: float = 1.0,
        render_mode: str | None = None,
    ) -> None:
        if not features or most < 1 or not scale > 0:
            raise ConfigError("expected features, at least one row and a positive scale")
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ConfigError(f"render_mode: expected None or 'ansi', got {render_mode!r}")
        self.features = tuple(parse(f) if isinstance(f, str) else f for f in features)
        self.most = most
        self.render_mode = render_mode
        self.observation_space = spaces.Box(
            -np.inf, np.inf, (most, len(self.features)), dtype=np.float32
        )
        self.action_space = spaces.Discrete(most + 1)
        self._make = make
        self._scale = scale
        self._world: _World | None = None
        self._decision: Decision | None = None

    @property
    def world(self) -> _World:
        """The world of the present episode, for reports; the agent does not see it.

        Raises
        ------
        ConfigError
            Before the first `reset`.
        """
        if self._world is None:
            raise ConfigError("reset the environment first")
        return self._world

    @property
    def decision(self) -> Decision | None:
        """What is to be decided now; None at the end of an episode."""
        return self._decision

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode; see `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(_LUCK))
        luck = int((options or {}).get("luck", drawn))
        self._world = self._make(luck)
        self._decision = self._world.decision()
        return self._observation(), self._info(luck=luck)

    def step(self, action: np.int64 | int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Carry out a choice and go on to the next decision; see `gymnasium.Env.step`.

        Raises
        ------
        ConfigError
            Before the first `reset`, and after the end of an episode.
        """
        world, decision = self.world, self._decision
        if decision is None:
            raise ConfigError("the episode is over; reset the environment")
        mask = self._mask()
        legal = 0 <= int(action) <= self.most and bool(mask[int(action)])
        chosen = int(action) if legal else int(np.argmax(mask))
        before = world.value
        world.apply(None if chosen == self.most else chosen)
        self._decision = world.decision()
        reward = float(before - world.value) / self._scale
        ended = self._decision is None
        return self._observation(), reward, ended, False, self._info(illegal=not legal)

    def render(self) -> str | None:
        """Return a line on the present decision."""
        if self.render_mode is None:
            return None
        if self._decision is None:
            return f"over, value {self.world.value:g}"
        return f"time {self._decision.time:g}: {len(self._decision)} candidates"

    def _mask(self) -> NDArray[np.int8]:
        mask = np.zeros(self.most + 1, dtype=np.int8)
        if self._decision is not None:
            mask[: min(len(self._decision), self.most)] = 1
            mask[self.most] = self._decision.may_wait
        return mask

    def _observation(self) -> Observation:
        seen = np.zeros((self.most, len(self.features)), dtype=np.float32)
        if self._decision is not None:
            rows = observed(self._decision, self.features)[: self.most]
            seen[: len(rows)] = rows
        return seen

    def _info(self, **more: object) -> dict[str, Any]:
        decision = self._decision
        hidden = 0 if decision is None else max(0, len(decision) - self.most)
        return {"action_mask": self._mask(), "hidden": hidden, **more}


def observed(decision: Decision, features: Sequence[Expression]) -> Observation:
    """Return the features of the candidates, shape (n_candidates, n_features)."""
    table = np.empty((len(decision), len(features)), dtype=np.float32)
    for k, feature in enumerate(features):
        table[:, k] = feature.evaluate(decision.columns)
    return table


class Agent(Policy):
    """An agent that was trained elsewhere, as a policy.

    Parameters
    ----------
    name
        What tables call it.
    features
        What it sees of a candidate, as in its environment.
    value
        A function from observations, shape (n_candidates, n_features), to scores, shape
        (n_candidates,).
    waits
        Whether candidates that may be held back start only if their score is positive.
    """

    def __init__(
        self,
        name: str,
        features: Sequence[str | Expression],
        value: Callable[[Observation], NDArray[np.floating[Any]]],
        *,
        waits: bool = False,
    ) -> None:
        self._name = name
        self._features = tuple(parse(f) if isinstance(f, str) else f for f in features)
        self._value = value
        self.waits = waits

    @property
    def name(self) -> str:
        """What tables call it."""
        return self._name

    def score(self, decision: Decision) -> NDArray[np.float64]:
        """Return the score of each candidate."""
        values = np.asarray(self._value(observed(decision, self._features)), dtype=np.float64)
        if values.shape != (len(decision),):
            raise ConfigError(
                f"agent {self._name!r}: expected {len(decision)} scores, got {values.shape}"
            )
        return values

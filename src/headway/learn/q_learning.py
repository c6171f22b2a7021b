"""Learning by trial where to send tasks: a table of values per machine, backlog and size.

The world is that of `headway.simulate.servers`. A task is credited when it ends: the row that it
was sent by moves towards its response, Q ← Q + α (−response / mean size − Q) with
α = 1 / (1 + visits)^power, but no less than `Settings.least_step`, so that machines that change are
learned anew. As the response of a task is all the credit there is (γ = 0), this is a contextual
bandit.

References
----------
Watkins, Dayan (1992), "Q-learning". The setting is that of Li, Xiao, Yan, Li, Wang (2024),
"Reinforcement Learning for Adaptive Resource Scheduling in Complex System Environments", arXiv
2411.05346, whose states and constants are not public: these are our own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from os import PathLike

import msgspec
import numpy as np

from headway import _core
from headway.errors import ConfigError, FormatError
from headway.files import read_bytes, write_text
from headway.model.tables import Ints, ints
from headway.simulate.laws import Floats
from headway.simulate.policy import Decision
from headway.simulate.servers import Outcome, ServersWorld, Tasks, Workload

FEATURES = ("backlog", "size", "load")
"""The columns of `headway.simulate.servers` that the rows of a table are made of."""

VERSION = 1

_LEVELS = (0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)
_LARGEST_TABLE = 100_000
_STEPS = 100_000


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a table is laid out and learned.

    Parameters
    ----------
    joint
        Whether a row stands for the backlogs of all machines together, for up to 4 of them, or for
        that of one machine by itself.
    levels
        Limits between classes of backlog, in mean sizes; increasing.
    sizes
        Limits between classes of size, in mean sizes.
    loads
        Limits between classes of load.
    power, least_step
        Of the step size.
    epsilon
        Share of random choices in training: at first, and once `exploring` tasks have come.
    exploring
        Tasks over which it falls, linearly.

    Raises
    ------
    ConfigError
        If a value is out of its range.
    """

    joint: bool = False
    levels: tuple[float, ...] = _LEVELS
    sizes: tuple[float, ...] = (0.25, 0.6, 1.25)
    loads: tuple[float, ...] = ()
    power: float = 0.7
    least_step: float = 0.01
    epsilon: tuple[float, float] = (0.2, 0.01)
    exploring: int = 50_000

    def __post_init__(self) -> None:
        for name in ("levels", "sizes", "loads"):
            limits = getattr(self, name)
            if any(not b > a for a, b in pairwise(limits)):
                raise ConfigError(f"{name}: expected increasing limits")
        if not 0 < self.least_step <= 1 or not 0 <= self.power <= 2:
            raise ConfigError("expected a power from 0 to 2 and a least step above 0, up to 1")
        if not all(0 <= share <= 1 for share in self.epsilon) or self.exploring < 0:
            raise ConfigError("expected shares of random choices, and tasks to explore for")

    @classmethod
    def all_together(cls) -> Settings:
        """Return the layout with one row for the backlogs of up to 4 machines together."""
        return cls(joint=True, levels=(0, 1, 3), loads=(0.6, 0.85))

    def steps(self) -> Floats:
        """Return the step size by number of visits; the last one holds for all that follow."""
        step = 1 / (1 + np.arange(_STEPS)) ** self.power
        return np.append(step[step > self.least_step], self.least_step)


@dataclass(frozen=True, eq=False)
class QTable:
    """A learned policy: sends a task to the machine with the largest value.

    Parameters
    ----------
    settings
        Its layout.
    groups
        Of each machine; machines of one group share their rows.
    mean_size
        Mean believed work of a task, the unit of backlogs and sizes.
    values, visits
        By row: minus the expected response in mean sizes, and how often it was credited.
    """

    settings: Settings
    groups: tuple[int, ...]
    mean_size: float
    values: Floats
    visits: Ints

    def __post_init__(self) -> None:
        rows = int(np.prod(_shape(self.settings, self.groups)))
        if self.values.shape != (rows,) or self.visits.shape != (rows,):
            raise ConfigError(f"expected {rows} values and visits, got {len(self.values)}")

    @classmethod
    def start(
        cls,
        workload: Workload,
        settings: Settings | None = None,
        groups: tuple[int, ...] | None = None,
    ) -> QTable:
        """Return an optimistic table: as if each machine alone were as fast as all are said to be.

        Parameters
        ----------
        workload
            Whose machines it is for.
        settings
            Its layout.
        groups
            Which machines share their rows; up to 16 machines none do, more of them do if their
            declared speeds are the same.
        """
        settings = settings or Settings()
        if groups is None:
            told = workload.told
            kinds = sorted(set(told))
            groups = tuple(range(len(told)) if len(told) <= 16 else map(kinds.index, told))
        shape = _shape(settings, groups)
        waits = np.append(0.0, settings.levels) / sum(workload.told)
        values = np.zeros(shape)
        if settings.joint:
            for k in range(len(groups)):
                axes = [1] * len(groups)
                axes[k] = len(waits)
                values[..., k] -= waits.reshape(*axes, 1, 1)
        else:
            values -= waits[None, :, None, None]
        flat = values.ravel()
        return cls(settings, groups, workload.mean_size, flat, ints(np.zeros(len(flat))))

    @property
    def name(self) -> str:
        """What tables call it."""
        return "Q-LEARNING-JOINT" if self.settings.joint else "Q-LEARNING"

    def score(self, decision: Decision) -> Floats:
        """Return the value of each machine; see `headway.simulate.Policy`."""
        columns = {
            name: np.broadcast_to(decision.columns[name], len(decision)) for name in FEATURES
        }
        if len(decision) != len(self.groups):
            raise ConfigError(f"the table is for {len(self.groups)} machines, not {len(decision)}")
        kept = self.settings
        level = np.searchsorted(kept.levels, columns["backlog"] / self.mean_size)
        size = np.searchsorted(kept.sizes, columns["size"] / self.mean_size)
        load = np.searchsorted(kept.loads, columns["load"])
        values = self.values.reshape(_shape(kept, self.groups))
        if kept.joint:
            return np.asarray(values[(*level, size[0], load[0])])
        return np.asarray(values[list(self.groups), level, size, load])

    def play(
        self,
        workload: Workload,
        *,
        seed: int = 0,
        tasks: Tasks | None = None,
        learns: bool = False,
        explores: bool = False,
        window: int = 1000,
        margin: float = 0.1,
    ) -> Played:
        """Return what happens when the table meets a workload; natively.

        Parameters
        ----------
        workload, seed, tasks
            As for `headway.simulate.servers.outcome`.
        learns
            Whether it goes on learning from what ends.
        explores
            Whether some choices are random; not for evaluation.
        window
            Guard: so many tasks at a time, what is expected of the table's choices is compared with
            what is expected of shortest expected delay by measured speeds, both in a shadow of the
            farm. While the table does worse, that rule decides. 0 for no guard.
        margin
            How much worse, as a share.

        Raises
        ------
        ConfigError
            If the table is for another number of machines.
        """
        if workload.n_machines != len(self.groups):
            raise ConfigError(
                f"the table is for {len(self.groups)} machines, not {workload.n_machines}"
            )
        world = ServersWorld(workload, workload.draw(seed) if tasks is None else tasks, seed=seed)
        kept = self.settings
        first, last = kept.epsilon if explores else (0.0, 0.0)
        learner = _core.ServerLearner(
            kept.joint,
            ints(self.groups),
            np.array(kept.levels, dtype=np.float64),
            np.array(kept.sizes, dtype=np.float64),
            np.array(kept.loads, dtype=np.float64),
            kept.steps(),
            first,
            last,
            kept.exploring,
            learns,
            margin,
            window,
            self.values,
            self.visits,
            seed,
        )
        world.native.learn(learner, _core.StopFlag())
        table = replace(self, values=learner.values(), visits=ints(learner.visits()))
        return Played(world.outcome(self.name, seed), table if learns else self, learner.distrusted)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the table to a JSON file, atomically."""
        document = _Document(
            settings=self.settings,
            groups=self.groups,
            mean_size=self.mean_size,
            values=tuple(self.values.tolist()),
            visits=tuple(self.visits.tolist()),
        )
        write_text(path, msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")

    @classmethod
    def load(cls, path: str | PathLike[str]) -> QTable:
        """Return the table in a file.

        Raises
        ------
        FormatError
            If it is not such a table, or one of other features than this version knows.
        """
        try:
            document = msgspec.json.decode(read_bytes(path), type=_Document)
            if document.format != _FORMAT or document.version != VERSION:
                raise FormatError(f"expected a {_FORMAT}, version {VERSION}")
            if document.features != FEATURES:
                raise FormatError(
                    f"made for the features {', '.join(document.features)}; this version has"
                    f" {', '.join(FEATURES)}"
                )
            values = np.array(document.values, dtype=np.float64)
            if not np.all(np.isfinite(values)) or not document.mean_size > 0:
                raise FormatError("expected finite values and a positive mean size")
            if not document.groups or min(document.groups) < 0 or min(document.visits) < 0:
                raise FormatError("expected groups and visits of 0 or more")
            return cls(
                document.settings,
                document.groups,
                document.mean_size,
                values,
                ints(document.visits),
            )
        except FormatError as error:
            raise error.located(path) from None
        except (msgspec.DecodeError, ValueError, OverflowError) as error:
            raise FormatError(str(error), path=path) from None


@dataclass(frozen=True, eq=False)
class Played:
    """A run of a table.

    Attributes
    ----------
    outcome
        What became of the tasks.
    table
        The table afterwards.
    distrusted
        Number of tasks for which the guard let the rule decide.
    """

    outcome: Outcome
    table: QTable
    distrusted: int


_FORMAT = "headway-q-table"


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    format: str = _FORMAT
    version: int = VERSION
    features: tuple[str, ...] = FEATURES
    settings: Settings
    groups: tuple[int, ...]
    mean_size: float
    values: tuple[float, ...]
    visits: tuple[int, ...]


def train(
    workload: Workload,
    *,
    settings: Settings | None = None,
    runs: int = 3,
    seed: int = 0,
) -> QTable:
    """Return a table that has learned from some runs of a workload.

    The share of random choices falls in the first run; in the others it stays at its last value.

    Parameters
    ----------
    workload
        What it learns from; O(machines) per task.
    settings
        Layout and steps.
    runs
        How many runs, with the seeds from `seed` on.
    seed
        Of the first run. Keep seeds apart from those of evaluation.

    Examples
    --------
    >>> farm = Workload((1, 4), "poisson(0.7)", "exponential(1000)", 20_000, declared=(1, 1))
    >>> table = train(farm, seed=100)
    >>> play = table.play(farm, seed=1).outcome
    >>> from headway.simulate.servers import outcome
    >>> bool(play.response.mean() < outcome(farm, "SED", seed=1).response.mean())
    True
    """
    table = QTable.start(workload, settings)
    kept = table.settings
    for number in range(runs):
        played = table.play(workload, seed=seed + number, learns=True, explores=True, window=0)
        later = msgspec.structs.replace(kept, epsilon=(kept.epsilon[1], kept.epsilon[1]))
        table = replace(played.table, settings=later)
    return replace(table, settings=kept)


def _shape(settings: Settings, groups: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the table before it is flattened."""
    classes = (len(settings.sizes) + 1, len(settings.loads) + 1)
    levels = len(settings.levels) + 1
    if settings.joint:
        if len(groups) > 4:
            raise ConfigError(f"a joint table is for up to 4 machines, not {len(groups)}")
        shape: tuple[int, ...] = (*(levels for _ in groups), *classes, len(groups))
    else:
        shape = (max(groups) + 1, levels, *classes)
    if np.prod(shape) > _LARGEST_TABLE:
        raise ConfigError(f"the table would have {np.prod(shape)} rows; choose fewer classes")
    return shape

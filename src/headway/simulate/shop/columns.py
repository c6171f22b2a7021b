"""What policies see of a candidate: a job and a machine that it could go to now.

Times and amounts of work are in ticks and as far as they are known: an operation's duration is the
estimate until the truth has come to light. *The operation* is the job's next one, *here* its
machine, *next* the machine of the operation after it (of its fastest mode).
"""

from __future__ import annotations

COLUMNS: dict[str, str] = {
    "t": "now",
    "p": "duration of the operation here",
    "R": "work remaining of the job, this operation included",
    "tail": "work remaining of the job after this operation",
    "k": "operations remaining, this one included",
    "done": "operations done",
    "joined": "when the operation came to wait for this machine",
    "wait": "ticks since then",
    "a": "release date of the job",
    "d": "due date of the job",
    "w": "weight of the job",
    "total": "work of the whole job",
    "work_done": "work of the job before this operation",
    "odd": "operation due date: the job's slack from release to due date shared out by work",
    "slack": "due date minus now minus work remaining",
    "last": "1 for the last operation of its job",
    "npt": "duration of the next operation; 0 if there is none",
    "winq": "work waiting next; 0 if there is none",
    "p_mean": "mean duration of the operations that wait here",
    "queue": "operations that wait here",
    "queue_next": "operations that wait next",
    "load": "work of all operations to come here, of jobs that have arrived",
    "load_next": "the same, next",
    "blocked": "1 if the job has finished on a machine that it still stands on",
    "outside": "1 if the job has not begun",
    "relief": "blocked jobs that want the machine that the job stands on",
    "next_occupied": "1 if the machine next is at work, held, or its buffer full",
    "next_blocked": "1 if the machine next is held by a job that has finished",
    "next_finish": "when the machine next is expected to have finished; now if it is not at work",
    "wip": "jobs that have begun and not ended",
    "in_system": "jobs that have arrived and not ended",
    "jobs": "jobs that have arrived so far",
    "machines": "machines of the shop",
    "shop_p": "mean duration of the operations of all jobs that have arrived",
    "setup": "ticks to set the machine up for the operation",
    "transfer": "ticks that the job takes from the machine it stands on",
    "mates": "operations of the same family that wait here, this one included",
    "choices": "modes of the operation that can be chosen",
    "p_best": "duration of the operation where it is shortest",
    "job": "position of the job",
    "machine": "number of the machine",
}
"""Meaning of each column, in the order in which the native core has them."""

PLACE = {name: k for k, name in enumerate(COLUMNS)}
"""Position of each column in the core."""

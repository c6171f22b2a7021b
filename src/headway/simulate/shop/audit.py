"""Whether the record of a run keeps to the course of events that was played.

The realised problem is made from the record, so that `headway.verify` cannot find out whether the
record leaves work out, cuts it short, or lets jobs vanish from machines that they should block.
This is checked here, from the course of events alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway.errors import VerificationError
from headway.model import ABSENT, FOREVER
from headway.model.tables import Bools, Ints, bools
from headway.simulate.shop.layout import Layout
from headway.simulate.shop.realisation import ChangeKind, OnOutage, Realisation

_COMPLETED, _RESTARTED, _SCRAPPED = range(3)


class _Attempts:
    """Attempts at operations, job by job in order of time, beside those before them."""

    def __init__(self, realisation: Realisation, layout: Layout, record: dict[str, Ints]) -> None:
        self.realisation, self.layout, columns = realisation, layout, layout.columns
        ended = np.flatnonzero(record["end"] != ABSENT)
        self.op_ptr = columns["op_ptr"]
        job_of_op = np.repeat(np.arange(len(self.op_ptr) - 1), np.diff(self.op_ptr))
        op = record["op"][ended]
        order = ended[np.lexsort((op, record["end"][ended], record["start"][ended], job_of_op[op]))]
        self.record = {name: column[order] for name, column in record.items()}
        self.op, self.outcome = self.record["op"], self.record["outcome"]
        self.job = job_of_op[self.op]
        n = len(order)
        self.first = bools(np.diff(self.job, prepend=ABSENT) != 0)
        self.before = np.where(self.first, ABSENT, np.arange(n) - 1)
        self.last = bools(np.diff(self.job, append=ABSENT) != 0)
        self.after_restart = self._follows(_RESTARTED)
        place = np.full(len(record["op"]), ABSENT)
        place[order] = np.arange(n)
        self.leader = place[self.record["batch"]]

    def _follows(self, outcome: int) -> Bools:
        return bools(~self.first & (self.outcome[self.before] == outcome))

    def problems(self, completion: Ints) -> Iterator[tuple[Bools, str]]:
        """Yield which attempts break a rule, and how, rule by rule."""
        record, op = self.record, self.op
        yield self._wrong_mode(), "is not done in a mode of its own"
        expected = np.select(
            [self.first | self._follows(_SCRAPPED), self.after_restart],
            [self.op_ptr[self.job], op[self.before]],
            op[self.before] + 1,
        )
        yield bools(op != expected), "is not the operation that follows"
        final = bools((self.outcome == _COMPLETED) & (op + 1 == self.op_ptr[self.job + 1]))
        told = np.full(len(completion), ABSENT)
        told[self.job[final]] = record["end"][final]
        yield bools((told != completion)[self.job]), "is of a job that ends at another time"
        yield self._wrong_work(), "does not take the time that it takes"
        late = record["chosen"] >= self.realisation.cancelled[self.job]
        yield bools(late & ~self.after_restart), "begins after its job was called off"
        yield self._wrong_place(), "leaves its machine at another time than it may"
        yield self._wrong_batch(), "is in a batch that is too large, or not of its family"
        yield self._closed(), "is done in a mode that is not open"
        yield self._unbroken(), "goes on in spite of an outage"
        yield self._broken(), "is broken off without an outage"

    def _wrong_mode(self) -> Bools:
        mode, columns = self.record["mode"], self.layout.columns
        ptr = columns["mode_ptr"]
        inside = (ptr[self.op] <= mode) & (mode < ptr[self.op + 1])
        return bools(~inside | (columns["machine"][mode] != self.record["machine"]))

    def _wrong_batch(self) -> Bools:
        columns, machine = self.layout.columns, self.record["machine"]
        family = columns["family"][self.op]
        size = np.bincount(np.maximum(self.leader, 0), minlength=len(machine))[self.leader]
        wrong = (size > columns["batch"][machine]) | (family != family[self.leader])
        return bools((self.leader == ABSENT) | wrong)

    def _wrong_work(self) -> Bools:
        """Return what is completed in a time that is not that of the longest of its batch."""
        columns, mode = self.layout.columns, self.record["mode"]
        duration, unsure = self._durations()
        need, doubt = np.zeros(len(mode), dtype=np.int64), np.zeros(len(mode), dtype=np.bool_)
        np.maximum.at(need, self.leader, duration + columns["pause"][self.op])
        np.logical_or.at(doubt, self.leader, unsure)
        need, doubt = need[self.leader], doubt[self.leader]
        completed = self.outcome == _COMPLETED
        wrong = np.where(completed, self.record["work"] != need, self.record["work"] > need)
        return bools(wrong & ~doubt)

    def _durations(self) -> tuple[Ints, Bools]:
        """Return true durations, and which of them depend on what happened when."""
        columns = self.layout.columns
        latest = self._latest_change((ChangeKind.DURATION,), self.record["chosen"])
        changed = bools(latest != ABSENT)
        duration = columns["duration"][self.record["mode"]].copy()
        duration[changed] = columns["change_value"][latest[changed]]
        return duration, bools(changed & self.after_restart)

    def _closed(self) -> Bools:
        """Return what is done in a mode that was not open when the job got its place there."""
        columns = self.layout.columns
        latest = self._latest_change((ChangeKind.OPEN, ChangeKind.CLOSE), self.record["entered"])
        changed = latest != ABSENT
        is_open = columns["is_open"][self.record["mode"]].copy()
        is_open[changed] = columns["change_kind"][latest[changed]] == ChangeKind.OPEN
        return bools((is_open == 0) & ~self.after_restart)

    def _latest_change(self, kinds: tuple[ChangeKind, ...], time: Ints) -> Ints:
        """Return the last change of the mode of each attempt until a time of it, or `ABSENT`."""
        columns = self.layout.columns
        change = np.flatnonzero(np.isin(columns["change_kind"], kinds))
        n = len(change)
        mode = np.concatenate((columns["change_subject"][change], self.record["mode"]))
        when = np.concatenate((columns["change_time"][change], time))
        order = np.lexsort((np.arange(len(mode)) >= n, when, mode))
        place = np.maximum.accumulate(np.where(order < n, np.arange(len(order)), ABSENT))
        before = np.full(len(mode), ABSENT)
        before[order] = np.where(place == ABSENT, ABSENT, order[place])
        found = before[n:]
        same = (found != ABSENT) & (mode[found] == mode[n:])
        latest: Ints = np.full(len(found), ABSENT)
        latest[same] = change[found[same]]
        return latest

    def _unbroken(self) -> Bools:
        """Return what is in process when its machine goes down, though that breaks work off."""
        record, columns = self.record, self.layout.columns
        wrong = np.zeros(len(self.op), dtype=np.bool_)
        order = np.argsort(record["machine"], kind="stable")
        bounds = np.searchsorted(record["machine"][order], np.arange(len(columns["effect"]) + 1))
        for m in np.flatnonzero(columns["effect"] != OnOutage.RESUME).tolist():
            here = order[bounds[m] : bounds[m + 1]]
            starts = columns["down_start"][slice(*columns["down_ptr"][m : m + 2])]
            until = np.searchsorted(starts, record["end"][here], side="left")
            wrong[here] = until > np.searchsorted(starts, record["start"][here], side="right")
        return bools(wrong)

    def _broken(self) -> Bools:
        """Return what is broken off, but not when its machine stops, or in another way."""
        record, columns = self.record, self.layout.columns
        wrong = np.zeros(len(self.op), dtype=np.bool_)
        for k in np.flatnonzero(self.outcome != _COMPLETED).tolist():
            m, end = int(record["machine"][k]), int(record["end"][k])
            breaks = columns["break_start"][slice(*columns["break_ptr"][m : m + 2])]
            downs = columns["down_start"][slice(*columns["down_ptr"][m : m + 2])]
            until = FOREVER if self.last[k] else int(record["start"][k + 1])
            stops = end in downs or end in breaks
            down = bool(((downs >= end) & (downs <= until)).any())
            wrong[k] = not (stops and down) or columns["effect"][m] != self.outcome[k]
        return bools(wrong)

    def _wrong_place(self) -> Bools:
        """Return what leaves too early, or too late, for where its job goes next.

        Where every machine that could be next has a limited buffer or none, a job stays until it
        has a place there.
        """
        record, columns = self.record, self.layout.columns
        left, end, entered = record["left"], record["end"], record["entered"]
        endless = self.layout.buffer[columns["machine"]] == FOREVER
        stored = np.logical_or.reduceat(endless, columns["mode_ptr"][:-1])
        completed = self.outcome == _COMPLETED
        final = completed & (self.op + 1 == self.op_ptr[self.job + 1])
        still_there = self.last & (left == ABSENT)
        wrong = np.where(final, left != end, (left < end) & ~still_there)
        goes_on = completed & ~self.last
        follower = np.where(goes_on, np.arange(len(left)) + 1, 0)
        held = goes_on & ~stored[self.op[follower]]
        return bools(wrong | (held & (left != entered[follower])))


def audit(
    realisation: Realisation, layout: Layout, record: dict[str, Ints], completion: Ints
) -> None:
    """Check that a record is one of the course of events that was played.

    Every job does its operations in order, each in a mode of its own that is open, and for its true
    duration with its pause. Outages break work off where they should, and nothing else does; what
    is broken off is done again, and what is scrapped begins anew. Jobs stay where they are until
    they have a place to go to. Nothing begins once it is called off. Batches are of one family, and
    no larger than they may be. Together with `headway.verify` of the realised problem, this covers
    the rules of the shop. Takes O(n log n) time for n attempts.

    Parameters
    ----------
    realisation, layout, record
        As for `headway.simulate.shop.realised.realised`.
    completion
        When jobs were done, shape (n_jobs,); `ABSENT` for those that were not.

    Raises
    ------
    VerificationError
        If it is not: a mistake of ours.
    """
    attempts = _Attempts(realisation, layout, record)
    for wrong, what in attempts.problems(completion):
        if wrong.any():
            k = int(np.argmax(wrong))
            label = realisation.problem.task_label(int(layout.task[attempts.op[k]]))
            raise VerificationError(
                f"what happened to {realisation.problem.name} is not what had to: {label!r} {what};"
                " please report this"
            )

"""Comparisons side by side: our methods and other libraries', same machine, cores and time.

>>> from headway import bench
>>> plan = bench.Plan(bench.entries(["ft06"]), [bench.contestant("rules")], time_limit_s=1)
>>> outcome = bench.Campaign(plan, apart=False).run()
>>> bench.standings(outcome)[0].reference
55
"""

from headway.bench.campaign import Campaign, Event, Outcome, Plan
from headway.bench.contestant import Answer, Contestant, Step
from headway.bench.entry import Entry, entries
from headway.bench.longer import Longer
from headway.bench.metrics import Duel, Standing, Summary, duels, standings, summaries
from headway.bench.plot import gap_over_time
from headway.bench.published import published, published_solvers
from headway.bench.record import Limits, Record
from headway.bench.registry import contestant, contestants
from headway.bench.report import Report
from headway.bench.runs import measure, measure_apart
from headway.bench.session import Session
from headway.bench.suites import Group, Suite, suite, suites

__all__ = [
    "Answer",
    "Campaign",
    "Contestant",
    "Duel",
    "Entry",
    "Event",
    "Group",
    "Limits",
    "Longer",
    "Outcome",
    "Plan",
    "Record",
    "Report",
    "Session",
    "Standing",
    "Step",
    "Suite",
    "Summary",
    "contestant",
    "contestants",
    "duels",
    "entries",
    "gap_over_time",
    "measure",
    "measure_apart",
    "published",
    "published_solvers",
    "standings",
    "suite",
    "suites",
    "summaries",
]

"""What happens to plans and policies in a world of chance: events, scenarios, policies, traces."""

from headway.simulate.clock import Clock, EventClass
from headway.simulate.compare import Run, Runs, compare, simulate
from headway.simulate.decode import World, beam, best_of, greedy, rollout, sampled
from headway.simulate.experiment import Experiment, kinds, open_experiment, replaying
from headway.simulate.expression import Expression
from headway.simulate.features import FeatureSet
from headway.simulate.goodput import MaxGoodput, max_goodput, saturate
from headway.simulate.laws import LAWS, Law
from headway.simulate.outcome import Outcome
from headway.simulate.policy import Decision, Linear, Policy, Rule, RuleBook, best
from headway.simulate.statistics import Comparison, Summary, by_policy, paired, summary
from headway.simulate.streams import Streams
from headway.simulate.sweep import Sweep, sweep
from headway.simulate.trace import Happening, Trace

__all__ = [
    "LAWS",
    "Clock",
    "Comparison",
    "Decision",
    "EventClass",
    "Experiment",
    "Expression",
    "FeatureSet",
    "Happening",
    "Law",
    "Linear",
    "MaxGoodput",
    "Outcome",
    "Policy",
    "Rule",
    "RuleBook",
    "Run",
    "Runs",
    "Streams",
    "Summary",
    "Sweep",
    "Trace",
    "World",
    "beam",
    "best",
    "best_of",
    "by_policy",
    "compare",
    "greedy",
    "kinds",
    "max_goodput",
    "open_experiment",
    "paired",
    "replaying",
    "rollout",
    "sampled",
    "saturate",
    "simulate",
    "summary",
    "sweep",
]

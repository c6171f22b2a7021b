"""When the world does not follow the plan: what is left of it, and a new plan for that."""

from headway.simulate.reschedule.basis import Effort
from headway.simulate.reschedule.chart import planned_against
from headway.simulate.reschedule.draw import random_events
from headway.simulate.reschedule.execution import Execution, Strategy, execute
from headway.simulate.reschedule.fast import fast_answers
from headway.simulate.reschedule.measure import Nervousness, Stability, nervousness
from headway.simulate.reschedule.replan import POLICIES, Answer, Policy, merge, reschedule
from headway.simulate.reschedule.residual import Residual, residual
from headway.simulate.reschedule.revise import revise
from headway.simulate.reschedule.revision import Revision
from headway.simulate.reschedule.router import Logistic, Router, Situation, Threshold, fit
from headway.simulate.reschedule.slow import slow_answer
from headway.simulate.reschedule.text import PATTERNS, parse_events, read_events

__all__ = [
    "PATTERNS",
    "POLICIES",
    "Answer",
    "Effort",
    "Execution",
    "Logistic",
    "Nervousness",
    "Policy",
    "Residual",
    "Revision",
    "Router",
    "Situation",
    "Stability",
    "Strategy",
    "Threshold",
    "execute",
    "fast_answers",
    "fit",
    "merge",
    "nervousness",
    "parse_events",
    "planned_against",
    "random_events",
    "read_events",
    "reschedule",
    "residual",
    "revise",
    "slow_answer",
]

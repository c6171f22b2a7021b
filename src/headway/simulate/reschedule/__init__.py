"""When the world does not follow the plan: what is left of it, and a new plan for that."""

from headway.simulate.reschedule.fast import Effort, fast_answers
from headway.simulate.reschedule.measure import Nervousness, Stability, nervousness
from headway.simulate.reschedule.replan import POLICIES, Answer, Policy, merge, reschedule
from headway.simulate.reschedule.residual import Residual, residual
from headway.simulate.reschedule.revise import Revision, revise
from headway.simulate.reschedule.router import Logistic, Router, Situation, Threshold, fit
from headway.simulate.reschedule.slow import slow_answer

__all__ = [
    "POLICIES",
    "Answer",
    "Effort",
    "Logistic",
    "Nervousness",
    "Policy",
    "Residual",
    "Revision",
    "Router",
    "Situation",
    "Stability",
    "Threshold",
    "fast_answers",
    "fit",
    "merge",
    "nervousness",
    "reschedule",
    "residual",
    "revise",
    "slow_answer",
]

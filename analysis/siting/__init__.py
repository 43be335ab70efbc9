"""Where new rooms should go: problem → reduce → search → exact → plan."""

from analysis.siting.engine import choose, evaluate
from analysis.siting.plan import Plan, PlanFault
from analysis.siting.problem import SitingProblem
from analysis.siting.run import Cancelled, Progress

__all__ = ["Cancelled", "Plan", "PlanFault", "Progress", "SitingProblem", "choose", "evaluate"]

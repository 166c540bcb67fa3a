"""Planning: from cells to steps. Pure: no files, network, clock or GPU; all that it knows is in the World."""

from creative.planning.planner import Planner
from creative.planning.survey import Survey, survey
from creative.planning.window import PlannedCell, PlanWindow

__all__ = ["PlanWindow", "PlannedCell", "Planner", "Survey", "survey"]

"""Running a plan: what is needed, in which order, on which workers, and what came of it."""

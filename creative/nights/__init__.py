"""`creative nightly`: the briefs of a folder, the night that makes them, and what came of it."""

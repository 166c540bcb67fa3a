"""Notices: what is told of runs and nights, to whom, and how it is sent."""

"""Finish: the final bytes."""

"""Scenes: sets and cut-outs."""

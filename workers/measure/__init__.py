"""Measure: figures of the final bytes, and what pages show of them."""

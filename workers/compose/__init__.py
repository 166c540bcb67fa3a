"""Composition: layout, text, stills and films."""

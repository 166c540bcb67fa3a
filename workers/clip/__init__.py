"""Clips: the user's own films, cut to one length and size."""

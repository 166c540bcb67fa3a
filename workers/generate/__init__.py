"""Trained picture and film models: diffusers pipelines as backends of kinds `scene` and `clip`."""

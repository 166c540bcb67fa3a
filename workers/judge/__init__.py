"""Judges: trained models that look at finished ads and listen to them. An extra, `[judges]`; what they say are findings.

`ocr` reads the words on the picture, `transcript` writes down what is heard, `speech` rates a voice, `safety` pictures.
Models are loaded at a process's first step and kept; they come in the packages of the extra, nothing is fetched.
"""

"""Small models with random weights, of the same classes as the real ones: for rehearsals and tests. What they make is noise."""

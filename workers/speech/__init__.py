"""Speech: voices that say sentences."""

"""Sound: reads fitted to their time, cues, music, mastering."""

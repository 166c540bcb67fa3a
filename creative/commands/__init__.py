"""The commands, by who uses them: `making`, `asking`, `reviewing`, `farming`. They wire; what is done is elsewhere."""

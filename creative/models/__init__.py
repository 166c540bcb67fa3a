"""Models with weights of their own: the table of them, their files on this machine, where the files come from."""

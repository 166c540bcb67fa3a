"""What a card makes of the picture and film models: see `__main__`."""

"""creative: the domain of the farm. It imports no Ray, torch, codec or imaging library."""

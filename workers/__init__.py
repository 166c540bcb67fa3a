"""workers: the hands of the farm. What runs on a worker machine."""

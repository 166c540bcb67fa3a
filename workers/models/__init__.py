"""Models on a worker: their weights' folder, and files that had to be made safe first."""

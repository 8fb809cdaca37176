"""`make extract-demo MODULE=payments`: a module leaves a shop full of customers, comes back, and leaves again, to be watched."""

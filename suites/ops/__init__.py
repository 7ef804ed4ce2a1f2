"""Every differentiable operator, on samples and on inputs of our own."""

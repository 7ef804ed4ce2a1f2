"""Generated autograd programs, run in step on both implementations."""

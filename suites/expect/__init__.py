"""Expectation files: made, checked and updated."""

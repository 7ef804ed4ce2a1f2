"""The seed notebooks, told again as narrated tests."""

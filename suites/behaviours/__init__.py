"""One test file per clause file: documented promises in plain torch code."""

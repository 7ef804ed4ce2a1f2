"""Records in, one HTML file out: what a run found, for people and for CI."""

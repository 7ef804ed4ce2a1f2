"""What torch 2.13 gets wrong: one script each, which needs torch alone and exits with 1 while it is so."""

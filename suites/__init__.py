"""What is checked: behaviours, operators, programs and tutorials, and the harness that checks them."""

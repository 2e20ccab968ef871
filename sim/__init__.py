"""How a network runs on a chip: map, lower, run, look."""

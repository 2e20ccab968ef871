"""What people do with the simulator: the command line and the tools behind it."""

"""What a network is: a graph of operators with static shapes, and how it is read from files."""

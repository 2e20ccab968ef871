"""What a chip is: a validated description of the hardware, and the presets."""

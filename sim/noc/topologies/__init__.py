"""The topologies, one file each; `sim.noc.fabric.names()` imports them all."""

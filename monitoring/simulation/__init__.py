"""Simulation: what a policy would have decided on recorded or historical requests."""

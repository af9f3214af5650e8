"""Measure kernels and schedules where the network will run, and keep what was found."""

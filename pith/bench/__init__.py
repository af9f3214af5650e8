"""Measuring: engines in turns, layer by layer, against what the processor can do."""

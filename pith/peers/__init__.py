"""Engines to compare with, one file each. Files of this folder run in the engine's own Python environment, by worker.py:
they import nothing of Pith but each other, and nothing beyond NumPy until a method is called."""

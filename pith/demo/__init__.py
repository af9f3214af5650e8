"""The network and the photographs of the demonstration."""

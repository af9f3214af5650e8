"""A Graph as a file of another format."""

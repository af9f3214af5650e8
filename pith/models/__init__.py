"""Networks in PyTorch, one file each. Importing this package does not import PyTorch; importing a network does."""

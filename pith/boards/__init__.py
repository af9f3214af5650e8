"""Boards: where code, constants and working memory of firmware lie. One declarative file each, registered by name."""

"""Networks in PyTorch, one family a file, faithful to a paper or to released code, so that released weights load into them.

    from pith import models
    models.list_models("*face*")
    net = models.create("resnet20", pretrained="resnet20-12fca82f.th")

Importing this package does not import PyTorch; making a network does (`pip install ".[train]"` in the clone).
"""

from pith.models.registry import Entry, create, describe, list_models

__all__ = ["Entry", "create", "describe", "list_models"]

"""Configurations that inherit from one another, and registries that build objects from them.

The rules are those of OpenMMLab's configurations (`_base_`, recursive merge, `_delete_`, `type`), with YAML and JSON read by default
and Python files only where they are asked for.
"""

from pith.config.config import Config, ConfigDict
from pith.config.overrides import parse_overrides, parse_value
from pith.config.registry import Registry

__all__ = ["Config", "ConfigDict", "Registry", "parse_overrides", "parse_value"]

"""Find the plug-ins of a folder: one file each, with one constant; the folder is the registry.

Layer: core.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TypeVar

_T = TypeVar("_T")


def load_plugins(package: str, constant: str, kind: type[_T]) -> tuple[_T, ...]:
    """Return the constant of every module of a package that has it, in the order of the modules' names.

    Args:
        package: its dotted name; modules without the constant, or with another thing under its name, are no plug-ins.
        constant: such as `READER`.
        kind: what the constant must be.
    """
    folder = importlib.import_module(package).__path__
    modules = (importlib.import_module(f"{package}.{found.name}") for found in pkgutil.iter_modules(folder))
    return tuple(plugin for module in modules if isinstance(plugin := getattr(module, constant, None), kind))

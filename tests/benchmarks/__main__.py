"""`make bench`: every benchmark, one after another."""

from __future__ import annotations

import importlib
import pkgutil

import tests.benchmarks


def main() -> None:
    """Run each module's `main`."""
    for module in pkgutil.iter_modules(tests.benchmarks.__path__):
        if module.name != "__main__":
            print(f"\n{module.name}")
            importlib.import_module(f"tests.benchmarks.{module.name}").main()


main()

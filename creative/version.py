"""The version of the installed package."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("creative-farm")
except PackageNotFoundError:  # a checkout on the path, not installed
    VERSION = "0+unknown"

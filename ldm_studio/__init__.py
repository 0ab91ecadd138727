"""LDM Studio: the desktop application and its command line, over `core`."""

__version__ = "0.1.0"

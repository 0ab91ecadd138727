"""Identify a model file from its header: nothing is loaded."""

import sys
from pathlib import Path

from core.checkpoints.identify import identify
from core.checkpoints.load_model import DEFAULT_MODEL

path = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_MODEL
identity = identify(path)
print(f"{path.name}: {identity.display_name}")

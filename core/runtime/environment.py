"""The machine and the libraries: besides the request, they determine the bits of an image."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from .. import typed_json
from ..untrusted_files import parse_json

VERSION = "3"
"""The version of `core`'s arithmetic: raised when the same request gives other bits.

3: DPM2 a between levels a factor of 4.5 to 20 apart.
"""


@dataclass(frozen=True)
class Environment:
    """Equal environments give the same bits for the same request."""

    core: str = ""
    torch: str = ""
    device: str = ""
    """Its name."""
    precision: str = ""
    instructions: str = ""
    """The processor's vector instructions that torch uses."""
    threads: int = 0
    system: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Environment:
        """Raises ValueError."""
        return typed_json.read(cls, parse_json(text), "the environment")

    def differences(self, other: Environment) -> Mapping[str, tuple[str, str]]:
        """What differs: name -> (here, there), the likeliest cause of other bits first."""
        pairs = {
            item.name: (str(getattr(self, item.name)), str(getattr(other, item.name)))
            for item in fields(self)
        }
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def title(device: str) -> str:
    """The title of a device: the maker's name of a GPU, otherwise CPU or MPS."""
    import torch

    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device.upper()


def environment(device: str = "cpu", precision: str = "float32") -> Environment:
    """The environment of this process, for models on `device` that compute in `precision`."""
    import torch

    on_gpu = device != "cpu"
    return Environment(
        core=VERSION,
        torch=torch.__version__,
        device=title(device),
        precision=precision,
        instructions="" if on_gpu else torch.backends.cpu.get_cpu_capability(),
        threads=0 if on_gpu else torch.get_num_threads(),
        system=f"{platform.system()} {platform.machine()}",
    )

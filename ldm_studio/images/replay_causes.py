"""Possible causes of a difference between two runs of one recipe."""

from __future__ import annotations

from core.runtime.environment import Environment

_CAUSES = {
    "core": "the version of LDM Studio's arithmetic",
    "torch": "PyTorch",
    "device": "the device",
    "precision": "the precision",
    "instructions": "the processor's vector instructions",
    "threads": "the number of threads",
    "system": "the system",
}


def differences(made: Environment, here: Environment) -> tuple[str, ...]:
    """What differs between the two environments, the likeliest cause first."""
    pairs = made.differences(here)
    return tuple(
        f"{_CAUSES.get(name, name)}: {then or 'unknown'} when it was made, {now or 'unknown'} here"
        for name, (then, now) in pairs.items()
    )

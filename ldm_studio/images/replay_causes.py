"""Possible causes of a difference between two runs of one recipe."""

from __future__ import annotations

from core.errors import Message
from core.runtime.environment import Environment

_CAUSES = {
    "core": Message("the version of LDM Studio's arithmetic"),
    "torch": "PyTorch",
    "device": Message("the device"),
    "precision": Message("the precision"),
    "instructions": Message("the processor's vector instructions"),
    "threads": Message("the number of threads"),
    "system": Message("the system"),
}


UNKNOWN = Message("unknown")


def differences(made: Environment, here: Environment) -> tuple[Message, ...]:
    """What differs between the two environments, the likeliest cause first."""
    pairs = made.differences(here)
    return tuple(
        Message(
            "{name}: {then} when it was made, {now} here",
            name=_CAUSES.get(name, name),
            then=then or UNKNOWN,
            now=now or UNKNOWN,
        )
        for name, (then, now) in pairs.items()
    )

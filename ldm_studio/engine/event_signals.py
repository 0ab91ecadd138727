"""One Qt signal for each event of the engine."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

from PySide6.QtCore import QObject, Signal, SignalInstance

from .events import Event

EVENTS: tuple[type[Any], ...] = get_args(Event)


def signal_name(event: type[Any]) -> str:
    """`model_offloaded` for `ModelOffloaded`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()


if TYPE_CHECKING:

    class EventSignals(QObject):
        """The signals are attributes; each carries its event, or nothing if it has no fields."""

        def __getattr__(self, name: str) -> SignalInstance: ...

else:
    EventSignals = type(QObject)(
        "EventSignals",
        (QObject,),
        {signal_name(event): Signal(object) if fields(event) else Signal() for event in EVENTS},
    )

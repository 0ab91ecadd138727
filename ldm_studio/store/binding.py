"""Binds widgets to parameters of the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, SignalInstance

from .store import StudioStore


class Binding(QObject):
    """Keeps a widget and a parameter equal, both ways, until the widget is destroyed."""

    def __init__(
        self,
        store: StudioStore,
        name: str,
        widget: QObject,
        get: Callable[[], Any],
        put: Callable[[Any], None],
        changed: SignalInstance,
    ) -> None:
        super().__init__(widget)
        self._store, self._name, self._get, self._put = store, name, get, put
        self._showing = False
        self._show(getattr(store, name))
        getattr(store, f"{name}_changed").connect(self._show)
        changed.connect(self._take)

    def refresh(self) -> None:
        """Shows the same value again, because its look may have changed."""
        self._show(getattr(self._store, self._name))

    def _show(self, value: Any) -> None:
        if self._get() == value:
            return
        self._showing = True  # values that the widget rounds are not written back
        try:
            self._put(value)
        finally:
            self._showing = False

    def _take(self) -> None:
        if not self._showing:
            setattr(self._store, self._name, self._get())


def bind(
    store: StudioStore,
    name: str,
    widget: QObject,
    get: Callable[[], Any],
    put: Callable[[Any], None],
    changed: SignalInstance,
) -> Binding:
    """Shows the parameter `name` in `widget`, and keeps both equal from now on."""
    return Binding(store, name, widget, get, put, changed)

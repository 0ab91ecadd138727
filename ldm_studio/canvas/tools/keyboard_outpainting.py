"""Outpainting by keyboard: an arrow key moves its edge outwards, with Shift inwards."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from ldm_studio.canvas.view.accessible_description import describe_keys
from ldm_studio.canvas.view.layer_view import LayerView
from ldm_studio.translation import translate

from .gestures import Hand
from .tools import TOOLS, KeyboardMode

EDGE = 56.0  # logical pixels around the frame that stay visible; the bar of its numbers is there
SIDES = {(-1, 0): "left", (1, 0): "right", (0, -1): "top", (0, 1): "bottom"}


class KeyboardOutpainting:
    """Active from the first key, or while the mouse is elsewhere, until the mouse moves or the
    focus leaves.
    """

    def __init__(self, view: LayerView, hand: Hand) -> None:
        self._view, self._hand = view, hand
        self._side, self._there = "", False
        view.outpaint_frame.changed.connect(self._forget_side)

    @property
    def usable(self) -> bool:
        """Whether the arrow keys move the edges."""
        view = self._view
        return TOOLS[view.tool].by_keys is KeyboardMode.EDGES and view.document.paintable

    @property
    def shown(self) -> bool:
        spoken = self._there or self._hand.mouse is None
        return spoken and self.usable and self._view.hasFocus()

    def move(self, dx: int, dy: int, *, back: bool) -> None:
        """By one step of the sizes that the model supports."""
        view, size = self._view, self._view.document.frame
        if size is None:
            return
        self._there, self._side = True, SIDES[dx, dy]
        view.outpaint_frame.step(self._side, size, back=back)
        self._keep_in_sight()
        self.announce()
        view.pointed.emit(self.hint())

    def hide(self) -> None:
        if self._there:
            self._there, self._side = False, ""
            self.announce()

    def announce(self) -> None:
        self._view.update()
        self._view.crosshair_changed.emit()

    def _forget_side(self) -> None:
        if self._view.outpaint_frame.extension.is_none:
            self._side = ""

    def _keep_in_sight(self) -> None:
        """Keeps the whole frame visible by zooming out and panning."""
        view, extending = self._view, self._view.outpaint_frame
        room = QRectF(view.rect())
        margin = min(EDGE, room.width() / 4, room.height() / 4)
        room.adjust(margin, margin, -margin, -margin)
        frame = extending.frame(view.target(), view.scale)
        if room.contains(frame):
            return
        smaller = min(room.width() / frame.width(), room.height() / frame.height())
        if smaller < 1:
            view.zoom_to(view.zoom * smaller)
            frame = extending.frame(view.target(), view.scale)
        by = room.center() - frame.center()
        view.pan_by(by.x(), by.y())

    def hint(self) -> str:
        """What was done, and what keys do next."""
        view, size = self._view, self._view.document.frame
        extending = view.outpaint_frame
        if extending.extension.is_none or size is None:
            return describe_keys(view.document, TOOLS[view.tool])
        width, height = extending.whole(size)
        whole = translate("CanvasView", "{width} × {height} · Enter to apply, Esc to cancel")
        whole = whole.format(width=width, height=height)
        if not self._side:
            return whole
        names = {
            "left": translate("CanvasView", "Left +{pixels}"),
            "right": translate("CanvasView", "Right +{pixels}"),
            "top": translate("CanvasView", "Top +{pixels}"),
            "bottom": translate("CanvasView", "Bottom +{pixels}"),
        }
        pixels = getattr(extending.extension.border, self._side)
        return f"{names[self._side].format(pixels=pixels)} · {whole}"

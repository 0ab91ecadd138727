"""The visible layers of the canvas: image, preview, tint, marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QTransform,
)
from PySide6.QtWidgets import QWidget

from core.images.preview import Preview
from ldm_studio.canvas.document.mask_views import MaskViews
from ldm_studio.canvas.document.selections import Corner
from ldm_studio.canvas.document.undo_tiles import Rect
from ldm_studio.canvas.tools.lasso_outline import LassoOutline
from ldm_studio.canvas.tools.mask_editing import MaskEditingView
from ldm_studio.canvas.tools.tools import Tool
from ldm_studio.translation import translate

from . import layer_painting
from .empty_state import paint_empty

BADGE_AT = QPointF(8, 8)


class LayerView(MaskEditingView):
    """Paints image, preview, tint and marks of gestures. Handles no events."""

    menu_requested = Signal()  # what else can be done to the mask
    flipped = Signal(int)  # by -1 or 1: the previous or the next image
    keep_requested = Signal()
    pointed = Signal(str)  # a tool was put down or up by a key: where, and what comes next
    crosshair_changed = Signal()  # it is elsewhere, its tool up or down; or keys move an edge
    drag_out_started = Signal()  # the image is being dragged away
    drag_out_ended = Signal()  # the drag ended before it started
    overlay_visible_changed = Signal(bool)
    tint_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mask_views = MaskViews(self.document, self)
        self.file: Path | None = None
        """The file of the image, or of the visible candidate; None if it has none."""
        self.flips = False
        """Whether there are several candidates: arrow keys flip through them, unless the tool uses
        arrow keys, and Enter keeps one.
        """
        self._outline: QPainterPath | None = None  # in pixels of the frame
        self._trace: LassoOutline | None = None
        self._show_transparency, self._overlay_visible, self._comparing = False, True, False
        self._tint_timer = (
            False  # a result has just arrived: the tint is hidden until the user paints
        )
        self._invited: QPointF | None = None  # the position of a drag over the canvas
        self._focus_by_key = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.document.changed.connect(self._update_rect)
        self.document.busy_changed.connect(self.update)
        self.mask_views.changed.connect(self.update)
        self.mask_views.chosen.connect(self._show_tint)
        self.outpaint_frame.changed.connect(self.update)
        self.extended.connect(self.wake_tint)

    # --- what is shown ---

    def image(self) -> np.ndarray | None:
        """The image of `set_image`; read only."""
        return self.document.image

    def set_image(self, rgb: np.ndarray | None, alpha: np.ndarray | None = None) -> None:
        """The image on white, and its alpha (uint8 [H, W]) if it has one. Ends the preview; keeps
        the mask if the size is the same. Undoable, except for the first. Raises ValueError for
        other arrays.
        """
        self._tint_timer = self.document.preview is not None
        self.document.set_image(rgb, alpha, translate("CanvasView", "Another image"))

    def set_preview(self, rgb: np.ndarray | None) -> None:
        """An unfinished image, shown over the image; None ends the preview."""
        self.document.set_preview(rgb)

    def show_preview(self, preview: Preview) -> None:
        """A preview of the engine, which may cover only a part of the image."""
        self.document.show_preview(preview)

    def set_before(self, rgb: np.ndarray | None) -> None:
        """The image for comparison while the C key is held."""
        self.document.set_before(rgb)

    def visible_rgb(self) -> QImage | None:
        """The visible finished image; with several candidates, the current one."""
        document = self.document
        if self.flips and document.preview:
            return document.preview
        layers = document.transparent or document.opaque
        return layers.at(1.0) if layers else None

    def set_comparing(self, on: bool) -> None:
        """Shows the previous image instead of the image."""
        if on != self._comparing:
            self._comparing = on
            self.update()

    def set_show_transparency(self, on: bool) -> None:
        """Shows a checkerboard where the image is transparent, rather than white."""
        self._show_transparency = on
        self.update()

    @property
    def awaits_enter(self) -> bool:
        """Whether the Enter key does something: see `enter`."""
        return self.flips or not self.outpaint_frame.extension.is_none

    def enter(self) -> None:
        """Extends the image as chosen, or else keeps the visible candidate."""
        if self.outpaint_frame.extension.is_none:
            self.keep_requested.emit()
        else:
            self.extend()

    # --- the tint ---

    @property
    def overlay_visible(self) -> bool:
        return self._overlay_visible

    @overlay_visible.setter
    def overlay_visible(self, on: bool) -> None:
        if on != self._overlay_visible:
            self._overlay_visible = on
            self.overlay_visible_changed.emit(on)
            self.update()

    def toggle_overlay(self) -> None:
        self.wake_tint()
        self.overlay_visible = not self.overlay_visible

    def _show_tint(self) -> None:
        self.wake_tint()
        self.overlay_visible = True

    def wake_tint(self) -> None:
        """Shows the tint again before painting, if it is enabled."""
        if self._tint_timer:
            self._tint_timer = False
            self.update()

    @property
    def tint(self) -> tuple[QColor, float]:
        """Colour, and opacity 0..1 of the fully masked."""
        return self.document.tint

    @tint.setter
    def tint(self, tint: tuple[QColor, float]) -> None:
        if tint != self.document.tint:
            self.document.set_tint(*tint)
            self.tint_changed.emit()

    # --- what a gesture shows ---

    def show_outline(self, outline: QPainterPath | None) -> None:
        self._update_outline()
        self._outline = outline
        self._update_outline()

    def show_lasso(self, corners: Sequence[Corner], pointer: Corner) -> None:
        if not corners:
            self._trace = None
            self.update()
            return
        if self._trace is None:
            self._trace = LassoOutline(self)
        self.update(self._trace.show(corners, pointer))

    def begin_drag_out(self) -> None:
        self.drag_out_started.emit()

    def end_drag_out(self) -> None:
        self.drag_out_ended.emit()

    def over_mask_zone(self, position: QPointF) -> bool:
        """Whether a drop there becomes the mask."""
        return layer_painting.mask_zone(self.rect()).contains(position.toPoint())

    def invite(self, at: QPointF | None) -> None:
        """An image is being dragged over the canvas at this point; None: no longer."""
        self._invited = at
        self.update()

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            layer_painting.paint_surround(painter, event.region(), self.palette())
            if self.document.frame is None:
                invited = self._invited is not None
                text = translate(
                    "CanvasView", "Type a prompt and press Generate — or drop an image here"
                )
                area, font = QRectF(self.rect()), self.font()
                paint_empty(painter, area, text, font, self.palette(), invited)
            else:
                self._paint_layers(painter, event)
                self._paint_marks(painter, event.rect())
            if self._focus_by_key:
                layer_painting.paint_focus(painter, QRectF(self.rect()), self.palette())

    def _paint_layers(self, painter: QPainter, event: QPaintEvent) -> None:
        document, zoom, palette, target = self.document, self.zoom, self.palette(), self.target()
        before = document.before if self._comparing else None
        if before:
            target = layer_painting.fitted(before, target)
        edge = palette.color(QPalette.ColorRole.Highlight) if self._invited else None
        layer_painting.paint_edge(painter, target, edge)
        layer_painting.choose_filter(painter, zoom, fitting=self.fitting)
        if before:
            painter.drawImage(target, before)
            layer_painting.paint_badge(
                painter, target.topLeft(), translate("CanvasView", "Before"), self.font(), palette
            )
            return
        if document.preview and not document.part:
            painter.drawImage(target, document.preview)
        elif self._show_transparency and document.transparent:
            layer_painting.paint_checkerboard(painter, target, palette)
            painter.drawImage(target, document.transparent.at(zoom))
        elif document.opaque:
            painter.drawImage(target, document.opaque.at(zoom))
        if document.preview and document.part:
            x, y, width, height = document.part
            corners = self.to_widget(x, y), self.to_widget(x + width, y + height)
            painter.drawImage(QRectF(*corners), document.preview)
        if self._tinted:
            self.mask_views.paint(painter, target, event.rect(), zoom)
        if zoom >= layer_painting.GRID_FROM and not self.fitting and document.preview is None:
            layer_painting.paint_grid(painter, target, event.rect(), self.scale)

    @property
    def _tinted(self) -> bool:
        """The tint is hidden while an image is generated, and until the pointer returns to it,
        unless the user paints.
        """
        document = self.document
        resting = self._tint_timer or document.preview is not None
        wanted = document.stroking or (self._overlay_visible and not resting and self.masked)
        return wanted and document.overlay is not None and document.paintable

    def paint_hint(self, painter: QPainter, text: str) -> None:
        """Paints what keys do next, as far as there is room."""
        metrics = QFontMetricsF(self.font())
        at = BADGE_AT + QPointF(0, 2 * metrics.height() if self.document.busy else 0)
        room = self.width() - 2 * at.x() - 2 * metrics.height()
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        layer_painting.paint_badge(painter, at, text, self.font(), self.palette())

    def paint_hand(self, painter: QPainter) -> None:
        """Paints the tool's position; subclasses implement it."""

    def _paint_marks(self, painter: QPainter, clip: QRect) -> None:
        """Paints what is not part of the image."""
        if self._tinted and self.mask_views.is_part:
            frame = QPainterPath()
            frame.addRect(self.mask_views.place(self.target()))
            layer_painting.paint_outline(painter, frame)
        if self._outline:
            layer_painting.paint_outline(painter, self._in_widget(self._outline))
        if self._trace:
            self._trace.paint(painter, clip)
        if self._tool is Tool.EXTEND and self.document.paintable:
            self.outpaint_frame.paint(painter, self.target(), self.scale, self.palette())
        self.paint_hand(painter)
        if self.document.busy:
            text = translate("CanvasView", "Working on the mask…")
            layer_painting.paint_badge(painter, BADGE_AT, text, self.font(), self.palette())
        if self._invited and self.document.paintable:
            zone, chosen = layer_painting.mask_zone(self.rect()), self.over_mask_zone(self._invited)
            text = translate("CanvasView", "Drop here to use it as the mask: white is inpainted")
            args = QRectF(zone), text, self.font(), self.palette(), chosen
            layer_painting.paint_mask_zone(painter, *args)

    def _in_widget(self, outline: QPainterPath) -> QPainterPath:
        corner = self.target().topLeft()
        return QTransform(self.scale, 0, 0, self.scale, corner.x(), corner.y()).map(outline)

    def _update_outline(self) -> None:
        if self._outline:
            area = self._in_widget(self._outline).boundingRect()
            self.update(area.toAlignedRect().adjusted(-3, -3, 3, 3))

    def _update_rect(self, rect: Rect) -> None:
        """Repaints image pixels, and their neighbours that interpolation reaches."""
        x, y, width, height = rect
        reach = max(1, 2 / self.zoom)  # small views interpolate between reduced pixels
        corners = (
            self.to_widget(x - reach, y - reach),
            self.to_widget(x + width + reach, y + height + reach),
        )
        self.update(QRectF(*corners).toAlignedRect().adjusted(-1, -1, 1, 1))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        reasons = Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason
        self._focus_by_key = event.reason() in (*reasons, Qt.FocusReason.ShortcutFocusReason)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._focus_by_key = False

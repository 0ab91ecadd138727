"""The canvas widget: shows the document through the viewport, and holds the tool and the brush."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QUndoStack,
)
from PySide6.QtWidgets import QWidget

from ldm_studio.canvas import painting
from ldm_studio.canvas.document import CanvasDocument
from ldm_studio.canvas.dropping import dropped_picture, offers_picture
from ldm_studio.canvas.input import CanvasInput
from ldm_studio.canvas.mask import Brush, Rect
from ldm_studio.canvas.tools import TOOLS, Tool
from ldm_studio.canvas.zooming import ZoomView

BRUSH_SIZE_MAX = 1000  # diameter in picture pixels
HARDNESS_STEP = 10  # percent


class CanvasView(ZoomView):
    """Picture, preview and mask; paint, zoom and pan. All pictures are uint8 [H, W, 3] RGB."""

    mask_changed = Signal()
    picture_dropped = Signal(object)  # str: the path of a file, or QImage
    brush_size_changed = Signal(int)
    brush_hardness_changed = Signal(int)
    tool_changed = Signal(Tool)
    overlay_visible_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._input = CanvasInput(self)  # first: Qt sends events from here on
        self.document = CanvasDocument(self)
        self._tool, self._painter_tool = Tool.BRUSH, Tool.BRUSH
        self._brush_size, self._brush_hardness = 24, 80
        self._show_transparency, self._overlay_visible, self._comparing = False, True, False
        self._tint_rests = False  # a result has just come: it is looked at before it is painted on
        self._invited = False  # a picture is being dragged over the canvas
        self._focus_by_key = False

        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_TabletTracking)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.document.changed.connect(self._update_rect)
        self.document.replaced.connect(self._on_replaced)
        self.document.mask_changed.connect(self._on_mask_changed)
        self._describe()
        self.update_cursor()

    def sizeHint(self) -> QSize:
        return QSize(640, 640)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, 96)

    # --- what is shown ---

    @property
    def undo_stack(self) -> QUndoStack:
        return self.document.undo_stack

    def picture(self) -> np.ndarray | None:
        """What `set_picture` was given; read only."""
        return self.document.picture

    def set_picture(self, rgb: np.ndarray | None, alpha: np.ndarray | None = None) -> None:
        """The picture on white, and its alpha (uint8 [H, W]) if it has one. Ends the preview; the
        mask and its undo live on if the size is the same. Raises ValueError on arrays of another
        kind.
        """
        self._tint_rests = self.document.preview is not None
        self.document.set_picture(rgb, alpha)

    def set_preview(self, rgb: np.ndarray | None) -> None:
        """A picture in the making, shown over the picture; None ends the preview."""
        self.document.set_preview(rgb)

    def set_before(self, rgb: np.ndarray | None) -> None:
        """What the picture is compared with while the C key is held."""
        self.document.set_before(rgb)

    def set_comparing(self, on: bool) -> None:
        """Show the picture before instead of the picture."""
        if on != self._comparing:
            self._comparing = on
            self.update()

    @property
    def show_transparency(self) -> bool:
        """Show a checkerboard where the picture is transparent, rather than white."""
        return self._show_transparency

    @show_transparency.setter
    def show_transparency(self, on: bool) -> None:
        self._show_transparency = on
        self.update()

    # --- the mask ---

    # QWidget.mask is the outline of a window, which this is not.
    def mask(self) -> np.ndarray | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A copy, uint8 [H, W], 255 = redraw; None if nothing is masked."""
        mask = self.document.mask
        return None if mask is None or mask.is_empty else mask.pixels.copy()

    def set_mask(self, pixels: np.ndarray) -> None:
        """Can be undone. Raises ValueError unless it is uint8 [H, W] of the picture's size."""
        self.document.set_mask(pixels, self.tr("Set mask"))

    def clear_mask(self) -> None:
        self.document.clear_mask(self.tr("Clear mask"))

    def fill_mask(self) -> None:
        self.document.fill_mask(self.tr("Mask everything"))

    def invert_mask(self) -> None:
        self.document.invert_mask(self.tr("Invert mask"))

    def undo(self) -> None:
        self._input.cancel()
        self.undo_stack.undo()

    def redo(self) -> None:
        self._input.cancel()
        self.undo_stack.redo()

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

    def wake_tint(self) -> None:
        """Show the tint again, if it is visible at all: somebody is about to paint."""
        if self._tint_rests:
            self._tint_rests = False
            self.update()

    @property
    def overlay_opacity(self) -> float:
        """0..1, of the fully masked."""
        return self.document.tint[1]

    @overlay_opacity.setter
    def overlay_opacity(self, opacity: float) -> None:
        self.document.set_tint(self.document.tint[0], opacity)

    @property
    def overlay_color(self) -> QColor:
        return self.document.tint[0]

    @overlay_color.setter
    def overlay_color(self, color: QColor) -> None:
        self.document.set_tint(color, self.document.tint[1])

    # --- tools and brush ---

    @property
    def tool(self) -> Tool:
        return self._tool

    def set_tool(self, tool: Tool) -> None:
        if tool != self._tool:
            self._tool = tool
            if tool is not Tool.PAN:
                self._painter_tool = tool
            self.tool_changed.emit(tool)
            self.update_cursor()

    def use_brush(self) -> None:
        self.set_tool(Tool.BRUSH)

    def use_eraser(self) -> None:
        self.set_tool(Tool.ERASER)

    def use_hand(self) -> None:
        self.set_tool(Tool.PAN)

    def swap_tool(self) -> None:
        """Brush <-> eraser."""
        self.set_tool(Tool.BRUSH if self._painter_tool is Tool.ERASER else Tool.ERASER)

    @property
    def brush_size(self) -> int:
        """The diameter in picture pixels, 1 to BRUSH_SIZE_MAX."""
        return self._brush_size

    @brush_size.setter
    def brush_size(self, size: int) -> None:
        size = min(max(size, 1), BRUSH_SIZE_MAX)
        if size != self._brush_size:
            self.update_ring()
            self._brush_size = size
            self.update_ring()
            self.brush_size_changed.emit(size)

    @property
    def brush_hardness(self) -> int:
        """Percent: 0 fades from the centre, 100 has a crisp edge."""
        return self._brush_hardness

    @brush_hardness.setter
    def brush_hardness(self, percent: int) -> None:
        percent = min(max(percent, 0), 100)
        if percent != self._brush_hardness:
            self._brush_hardness = percent
            self.brush_hardness_changed.emit(percent)

    def larger_brush(self) -> None:
        self.brush_size += max(1, self.brush_size // 8)

    def smaller_brush(self) -> None:
        self.brush_size -= max(1, self.brush_size // 8)

    def harder_brush(self) -> None:
        self.brush_hardness += HARDNESS_STEP

    def softer_brush(self) -> None:
        self.brush_hardness -= HARDNESS_STEP

    # --- strokes: the surface that gestures work on ---

    def begin_stroke(self, erase: bool) -> None:
        brush = Brush(self.brush_size / 2, self.brush_hardness / 100, erase)
        self.document.begin_stroke(brush, self.tr("Erase") if erase else self.tr("Brush stroke"))

    def stroke_to(self, x: float, y: float, pressure: float) -> None:
        self.document.stroke_to(x, y, pressure)

    def end_stroke(self) -> None:
        self.document.end_stroke()

    def cancel_stroke(self) -> None:
        self.document.cancel_stroke()

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painting.paint_surround(painter, event.region(), self.palette())
            if self.document.frame is None:
                self._paint_empty(painter)
            else:
                self._paint_layers(painter, self.target())
                if self._ring_shown and self._input.hover:
                    painting.paint_ring(painter, self._input.hover, self._ring_radius)
            if self._focus_by_key:
                painting.paint_focus(painter, QRectF(self.rect()), self.palette())

    def _paint_empty(self, painter: QPainter) -> None:
        text = self.tr("Type a prompt and press Generate — or drop a picture here")
        area = QRectF(self.rect())
        painting.paint_empty(painter, area, text, self.font(), self.palette(), self._invited)

    def _paint_layers(self, painter: QPainter, target: QRectF) -> None:
        document, zoom, palette = self.document, self.zoom, self.palette()
        before = document.before if self._comparing else None
        if before:
            target = painting.fitted(before, target)
        edge = palette.color(QPalette.ColorRole.Highlight) if self._invited else None
        painting.paint_edge(painter, target, edge)
        if before:
            painting.paint_image(painter, target, before, self._zoom_of(before, target))
            painting.paint_badge(painter, target.topLeft(), self.tr("Before"), self.font(), palette)
            return
        if preview := document.preview:
            painting.paint_image(painter, target, preview, self._zoom_of(preview, target))
        elif self._show_transparency and document.transparent:
            painting.paint_checkerboard(painter, target, palette)
            painting.paint_image(painter, target, document.transparent.at(zoom), zoom)
        elif document.opaque:
            painting.paint_image(painter, target, document.opaque.at(zoom), zoom)
        # While a picture forms, and until the pointer comes back to it, its colours matter more
        # than the tint, unless one paints meanwhile.
        resting = self._tint_rests or document.preview is not None
        tinted = document.stroking or (self._overlay_visible and not resting)
        if document.overlay and document.paintable and tinted:
            painting.paint_image(painter, target, document.overlay.image, zoom)

    def _zoom_of(self, image: QImage, target: QRectF) -> float:
        return target.width() * self.devicePixelRatioF() / image.width()

    @property
    def _ring_radius(self) -> float:
        return self._brush_size / 2 * self.scale

    @property
    def _ring_shown(self) -> bool:
        return TOOLS[self._tool].ring and not self._input.panning and self.document.paintable

    def update_ring(self) -> None:
        """Repaint where the brush circle is."""
        if self._input.hover and self._ring_shown:
            reach = max(self._ring_radius, 4) + 4
            centre = self._input.hover
            corner = centre - QPointF(reach, reach)
            self.update(QRectF(corner, centre + QPointF(reach, reach)).toAlignedRect())

    def update_cursor(self) -> None:
        """Show the hand while panning, and no arrow within the brush circle."""
        self.update_ring()
        if self._input.panning and self.document.frame:
            closed = self._input.busy
            shape = Qt.CursorShape.ClosedHandCursor if closed else TOOLS[Tool.PAN].cursor
        elif self._ring_shown:
            shape = Qt.CursorShape.BlankCursor
        else:
            shape = Qt.CursorShape.ArrowCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)

    def _update_rect(self, rect: Rect) -> None:
        """Repaint some picture pixels, and the one around them that interpolation reaches."""
        x, y, width, height = rect
        corners = self.to_widget(x - 1, y - 1), self.to_widget(x + width + 1, y + height + 1)
        self.update(QRectF(*corners).toAlignedRect().adjusted(-1, -1, 1, 1))

    # --- changes from outside ---

    def _on_replaced(self) -> None:
        if not self.document.stroking:
            self._input.cancel()
        self.set_frame(self.document.frame)
        self._describe()
        self.update_cursor()
        self.update()

    def _on_mask_changed(self) -> None:
        self._describe()
        self.mask_changed.emit()

    def _describe(self) -> None:
        """Say in words what the canvas shows, for those who cannot see it."""
        self.setAccessibleName(self.tr("Canvas"))
        frame, mask = self.document.frame, self.document.mask
        if frame is None:
            self.setAccessibleDescription(self.tr("Canvas, no picture yet"))
            return
        size = self.tr("Canvas {width} by {height}").format(width=frame[0], height=frame[1])
        if mask is None or mask.is_empty:
            self.setAccessibleDescription(self.tr("{canvas}, nothing masked").format(canvas=size))
        else:
            percent = max(round(mask.coverage() * 100), 1)
            text = self.tr("{canvas}, mask covers {percent} %")
            self.setAccessibleDescription(text.format(canvas=size, percent=percent))

    # --- events ---

    def event(self, event: QEvent) -> bool:
        return self._input.handle(event) or super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._describe()
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        reasons = Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason
        self._focus_by_key = event.reason() in (*reasons, Qt.FocusReason.ShortcutFocusReason)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._focus_by_key = False

    def handle_key(self, event: QKeyEvent) -> bool:
        """Treat a key press or release as if the canvas had the focus; whether it was one of its
        keys.
        """
        release = event.type() == QEvent.Type.KeyRelease
        return self._input.key_release(event) if release else self._input.key_press(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if offers_picture(event.mimeData()):
            event.acceptProposedAction()
            self._set_invited(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._set_invited(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._set_invited(False)
        picture = dropped_picture(event.mimeData())
        if picture is not None:
            event.acceptProposedAction()
            self.picture_dropped.emit(picture)

    def _set_invited(self, on: bool) -> None:
        self._invited = on
        self.update()

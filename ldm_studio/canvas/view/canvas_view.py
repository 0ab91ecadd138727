"""The canvas widget: view and input."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
)
from PySide6.QtWidgets import QWidget

from ldm_studio.canvas.bars.canvas_controls import translated
from ldm_studio.canvas.tools.canvas_input import CanvasInput
from ldm_studio.canvas.tools.drag_out import DragOut
from ldm_studio.canvas.tools.drop_data import dropped_image, is_address, offers_image
from ldm_studio.canvas.tools.tools import TOOLS, Tool

from .accessible_description import describe_keys, describe_view
from .layer_view import LayerView

ROOM = 0.6  # of the fitting zoom, while the image is being extended


class CanvasView(LayerView):
    """Image, preview and mask; paint, zoom and pan. All images are uint8 [H, W, 3] RGB."""

    image_dropped = Signal(object)  # str: the path of a file, or QImage
    mask_dropped = Signal(object)  # the same, dropped where it says "as the mask"
    copy_requested = Signal()
    address_dropped = Signal()  # of an image on the web, without the image

    _listens = False  # Qt sends events before all is built

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drag_out = DragOut(self)
        self._input = CanvasInput(self)
        self._listens = True
        self._roomy = False  # zoomed out, to have room for extending
        self.setAttribute(Qt.WidgetAttribute.WA_TabletTracking)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.document.replaced.connect(self._on_replaced)
        self.document.mask_changed.connect(self.describe)
        self.drag_out_started.connect(self.drag_out.begin)
        self.drag_out_ended.connect(self.drag_out.end)
        self.drag_out.ended.connect(self._input.cancel)
        self.crosshair_changed.connect(self.describe)
        self.outpaint_frame.changed.connect(self.describe)
        self.tool_changed.connect(self._on_tool_changed)
        for signal in (self.tool_changed, self.zoom_changed):
            signal.connect(self.describe)
        self.options_changed.connect(self._input.brush_cursor.on_options_changed)
        self.describe()
        self._input.brush_cursor.update_cursor()

    def sizeHint(self) -> QSize:
        return QSize(640, 640)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, 96)

    def undo(self) -> None:
        self._input.cancel()
        super().undo()

    def redo(self) -> None:
        self._input.cancel()
        super().redo()

    def _on_tool_changed(self) -> None:
        self._input.cancel()
        self.outpaint_frame.clear()
        if self._tool is Tool.EXTEND and self.fitting:
            self.zoom_to(self.zoom * ROOM)
        elif self._roomy:
            self.fit()
        self._roomy = self._tool is Tool.EXTEND and not self.fitting
        self.update()  # the ring of the one before
        self._input.brush_cursor.update_cursor()

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        super().zoom_to(zoom, at or self._input.keyboard_pointer.position)

    def paint_hand(self, painter: QPainter) -> None:
        self._input.brush_cursor.paint(painter)
        self._input.keyboard_pointer.paint(painter)
        if hint := self._input.hint:
            self.paint_hint(painter, hint)

    # --- changes from outside ---

    def _on_replaced(self) -> None:
        if not self.document.stroking:
            self._input.cancel()
        self.set_frame(self.document.frame)
        self.describe()
        self._input.brush_cursor.update_cursor()
        self.update()

    def describe(self) -> None:
        """Updates the accessible description."""
        self.setAccessibleName(self.tr("Canvas"))
        tool = TOOLS[self._tool]
        seen = describe_view(self.document, self.zoom, translated(tool.text))
        keys = self._input.hint or describe_keys(self.document, tool)
        self.setAccessibleDescription(". ".join(part for part in (seen, keys) if part))

    # --- events ---

    def event(self, event: QEvent) -> bool:
        return (self._listens and self._input.handle(event)) or super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.describe()
        self.update()

    def handle_key(self, event: QKeyEvent) -> bool:
        """Handles a key event as if the canvas had the focus; whether it was one of its keys."""
        release = event.type() == QEvent.Type.KeyRelease
        return self._input.key_release(event) if release else self._input.key_press(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.source() is not self and offers_image(event.mimeData()):
            event.acceptProposedAction()
            self.invite(event.position())
        elif is_address(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()
        if self._invited:
            self.invite(event.position())

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.invite(None)

    def dropEvent(self, event: QDropEvent) -> None:
        self.invite(None)
        image = dropped_image(event.mimeData())
        if image is not None:
            event.acceptProposedAction()
            as_mask = self.document.paintable and self.over_mask_zone(event.position())
            (self.mask_dropped if as_mask else self.image_dropped).emit(image)
        elif is_address(event.mimeData()):
            event.acceptProposedAction()
            self.address_dropped.emit()

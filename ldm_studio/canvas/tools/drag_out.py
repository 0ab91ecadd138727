"""Drags the image from the canvas to a file manager or another program."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QSize, Qt, QTemporaryDir, QUrl, Signal
from PySide6.QtGui import QDrag, QImage, QPixmap

from ldm_studio.canvas.view.layer_view import LayerView

THUMBNAIL = 96  # logical pixels


class DragOut(QObject):
    """Holds the dragged image until it is dropped. An image without a file is first written to a
    temporary one, in the background.
    """

    ended = Signal()

    def __init__(self, view: LayerView) -> None:
        super().__init__(view)
        self._view = view
        self._held = False
        self._folder: QTemporaryDir | None = None
        self._written: tuple[QImage, Path] | None = None

    def begin(self) -> None:
        """Starts the drag."""
        image = self._view.visible_rgb()
        if image is None or self._held:
            return
        self._held = True
        file = self._view.file
        if file is not None and file.is_file():  # otherwise it was moved in the meantime
            self._carry(image, file)
        elif not self._is_whole(image):
            self.end()
        elif self._written and self._written[0].cacheKey() == image.cacheKey():
            self._carry(image, self._written[1])
        else:
            path = self._next_path()
            work = self._view.document.background
            work.run(
                lambda: image.save(str(path)), lambda done: self._on_written(done, image, path)
            )

    def end(self) -> None:
        """The button was released before the drag started."""
        self._held = False

    def _on_written(self, done: Future[bool], image: QImage, path: Path) -> None:
        if done.result():
            self._written = image, path
        if self._held:
            self._carry(image, path if done.result() else None)

    def _carry(self, image: QImage, path: Path | None) -> None:
        drag = QDrag(self._view)
        drag.setMimeData(mime_data(image if self._is_whole(image) else None, path))
        drag.setPixmap(_thumbnail(image, self._view.devicePixelRatioF()))
        try:
            run(drag)
        finally:
            self._held = False
            self.ended.emit()

    def _is_whole(self, image: QImage) -> bool:
        """Whether it has all of its pixels: huge candidates are shown reduced."""
        return (image.width(), image.height()) == self._view.document.frame

    def _next_path(self) -> Path:
        if self._folder is None:
            self._folder = QTemporaryDir()  # removed with this object
        taken = len(list(Path(self._folder.path()).iterdir()))
        return Path(self._folder.path()) / f"image-{taken + 1}.png"


def run(drag: QDrag) -> None:
    """Returns when it is dropped. Always a copy: a file manager must not move the history's
    file.
    """
    drag.exec(Qt.DropAction.CopyAction)


def mime_data(image: QImage | None, path: Path | None) -> QMimeData:
    """The file for file managers, the image itself for other programs."""
    data = QMimeData()
    if path is not None:
        data.setUrls([QUrl.fromLocalFile(str(path))])
    if image is not None:
        data.setImageData(image)
    return data


def _thumbnail(image: QImage, ratio: float) -> QPixmap:
    side = round(THUMBNAIL * ratio)
    rough = image.scaled(QSize(4 * side, 4 * side), Qt.AspectRatioMode.KeepAspectRatio)
    small = rough.scaled(
        QSize(side, side),
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    pixmap = QPixmap.fromImage(small)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap

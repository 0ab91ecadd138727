"""Images dropped on the canvas."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QImageWriter,
)
from PySide6.QtWidgets import QApplication

from ldm_studio.canvas.bars.canvas_panel import CanvasPanel
from ldm_studio.canvas.document.qimage import from_qimage
from ldm_studio.canvas.tools.drop_data import dropped_image
from ldm_studio.canvas.view.canvas_view import CanvasView
from tests.ldm_studio.canvas.canvas_actions import LEFT, NO_KEY


def drop(view: CanvasView, data: QMimeData) -> bool:
    """Whether the view accepts it."""
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, LEFT, NO_KEY)
    QApplication.sendEvent(view, enter)
    if enter.isAccepted():
        QApplication.sendEvent(view, QDropEvent(QPointF(50, 50), copy, data, LEFT, NO_KEY))
    return enter.isAccepted()


def test_dropping_a_file_emits_its_path(qtbot, view, tmp_path):
    data = QMimeData()
    names = "notes.txt", "Heart 1.PNG", "other.jpg"
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in names])
    with qtbot.waitSignal(view.image_dropped) as dropped:
        assert drop(view, data)
    assert dropped.args == [(tmp_path / "Heart 1.PNG").as_posix()]


def test_dropping_an_image_emits_it(qtbot, view):
    image = QImage(3, 2, QImage.Format.Format_RGB32)
    image.fill(QColor(1, 2, 3))
    data = QMimeData()
    data.setImageData(image)
    with qtbot.waitSignal(view.image_dropped) as dropped:
        assert drop(view, data)
    assert from_qimage(dropped.args[0])[0, 0].tolist() == [1, 2, 3]


def test_other_data_cannot_be_dropped(qtbot, view):
    data = QMimeData()
    data.setText("hello")
    data.setUrls([QUrl("ftp://example.org/a.png"), QUrl.fromLocalFile("/tmp/a.txt")])
    with qtbot.assertNotEmitted(view.image_dropped):
        assert not drop(view, data)


def test_the_address_of_a_file_may_be_plain_text(qtbot, view, tmp_path):
    for text in (f"file://{tmp_path}/p.png\n", f"{tmp_path}/p.png"):
        data = QMimeData()
        data.setText(text)
        with qtbot.waitSignal(view.image_dropped) as dropped:
            drop(view, data)
        assert dropped.args == [f"{tmp_path}/p.png"]


def encoded(colour: str) -> QByteArray:
    image = QImage(3, 2, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    found = QByteArray()
    buffer = QBuffer(found)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    return found


def test_images_from_a_browser_are_accepted_in_every_format(qtbot, view):
    address = QUrl("https://example.org/cat.png")
    as_file, as_data = QMimeData(), QMimeData()
    as_file.setUrls([address])
    as_file.setData('application/octet-stream;name="cat.png"', encoded("red"))
    as_data.setText("data:image/png;base64," + bytes(encoded("red").toBase64().data()).decode())
    for data in (as_file, as_data):
        with qtbot.waitSignal(view.image_dropped) as dropped:
            drop(view, data)
        assert dropped.args[0].pixelColor(1, 1) == QColor("red")


def test_a_web_address_alone_is_refused_with_a_message(qtbot, rgb):
    panel = CanvasPanel()
    qtbot.addWidget(panel)
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/cat.png")])
    with (
        qtbot.waitSignal(panel.problem) as signal,
        qtbot.assertNotEmitted(panel.view.image_dropped),
    ):
        drop(panel.view, data)
    assert "Only the address" in signal.args[0]
    assert "Copy the image" in signal.args[1]


def test_an_empty_clipboard_has_no_image() -> None:
    assert dropped_image(None) is None
    assert dropped_image(QMimeData()) is None

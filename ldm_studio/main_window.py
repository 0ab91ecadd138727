"""The main window: layout. Its logic is in `controllers.studio`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ldm_studio.canvas.bars.canvas_panel import CanvasPanel
from ldm_studio.canvas.tools.drop_data import dropped_image, offers_image
from ldm_studio.commands.actions import build_menus
from ldm_studio.draw.prompt.prompt_panel import PromptPanel
from ldm_studio.draw.run.image_strip import ImageStrip
from ldm_studio.draw.run.notice_bar import NoticeBar
from ldm_studio.draw.run.run_area import RunArea
from ldm_studio.draw.run.status_bar import StatusBar
from ldm_studio.draw.run.step_timeline import StepTimeline
from ldm_studio.draw.sampling.sampler_panel import SamplerPanel
from ldm_studio.draw.settings_column import SettingsColumn
from ldm_studio.look.icons import app_icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.prompts.styles import StyleBook, StyleError
from ldm_studio.store.store import StudioStore

START_SIZE = QSize(1280, 800)
LOW = 480
"""Logical pixels: in a lower window a notice replaces the image strip."""
FRAME = 40
"""Maximum size of a window frame; the real size is only known once it is shown."""


class MainWindow(QMainWindow):
    """Lays out the panels. The first close event only asks; `app` closes after shutdown."""

    close_requested = Signal()
    image_dropped = Signal(object)
    """str or QImage, dropped beside the canvas"""

    def __init__(self, store: StudioStore, styles: StyleBook) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("LDM Studio"))
        self.setWindowIcon(app_icon())
        self.status = StatusBar(store)
        self.setStatusBar(self.status)
        # From the outside in: all that is in a widget is polished again when it gets a parent.
        self.pages = QStackedWidget()
        self.setCentralWidget(self.pages)
        centre = QWidget()
        self.pages.addWidget(centre)
        side = SettingsColumn(centre)
        self.prompt = PromptPanel(store, styles, side.top)
        self.run_area = RunArea(store, side.top)
        self.sampler = SamplerPanel(store, side.inside)
        self.sampler.model.box.listed.connect(self.prompt.count_again)
        self.notice = NoticeBar()
        self.banner = NoticeBar("branch", self.tr("Branch"), closable=False)
        self.canvas = CanvasPanel()
        self.timeline = StepTimeline()
        self.strip = ImageStrip()
        self.actions_by_id: dict[str, QAction] = {}
        self._lay_out(centre, side)
        for strip in (self.notice, self.banner):
            strip.shown.connect(self._make_room)
            strip.dismissed.connect(self._make_room)
        self._may_close = False
        self.setAcceptDrops(True)
        self.prompt.styles.failed.connect(self._show_problem)
        if styles.problem is not None:
            self._show_problem(styles.problem)

    def install_actions(self, handlers: Mapping[str, Callable[[], object]]) -> None:
        """Fills the menus; `handlers` has a function for every id of `actions.ACTIONS`."""
        self.actions_by_id = build_menus(self, handlers)

    def place(self) -> None:
        """Size and position at the first start: 1280 x 800, or the whole screen if that does not
        fit.
        """
        room = QGuiApplication.primaryScreen().availableGeometry()
        self.resize(START_SIZE.boundedTo(room.size()))
        self.move(room.center() - self.rect().center())
        if START_SIZE.width() + FRAME > room.width() or START_SIZE.height() + FRAME > room.height():
            self.setWindowState(Qt.WindowState.WindowMaximized)

    def allow_close(self) -> None:
        """The next close event closes the window."""
        self._may_close = True

    def closeEvent(self, event: QCloseEvent) -> None:
        event.setAccepted(self._may_close)
        if not self._may_close:
            self.close_requested.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if offers_image(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        source = dropped_image(event.mimeData())
        if source is not None:
            event.acceptProposedAction()
            self.image_dropped.emit(source)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.focusWidget() is None:
            self.prompt.prompt.setFocus()

    def _lay_out(self, centre: QWidget, side: SettingsColumn) -> None:
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        side.pinned.addWidget(self.prompt)
        side.pinned.addWidget(self.run_area)
        side.column.addWidget(self.run_area.queue)
        side.column.addWidget(self.sampler)
        side.column.addStretch(1)

        right = QVBoxLayout()
        row.addLayout(right, 1)
        right.setSpacing(0)
        right.addWidget(self.notice)
        right.addWidget(self.banner)
        right.addWidget(self.canvas, 1)
        right.addWidget(self.timeline)
        self.strip_frame = QFrame()
        self.strip_frame.setObjectName("below")
        right.addWidget(self.strip_frame)
        below = QHBoxLayout(self.strip_frame)
        below.setContentsMargins(GRID, GRID, GRID, 0)
        below.addWidget(self.strip)
        self.strip_hint = PlainLabel(self.tr("The images of this session appear here."))
        self.strip_hint.setObjectName("caption")
        self.strip_hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        below.addWidget(self.strip_hint)
        self.strip_hint.setFixedHeight(self.strip.height())
        self.strip.entries.rowsInserted.connect(self._show_strip)
        self.strip.hide()

    def _show_problem(self, error: StyleError) -> None:
        self.notice.show_error(error.message, error.hint)

    def _make_room(self) -> None:
        has_notice = not (self.notice.isHidden() and self.banner.isHidden())
        self.strip_frame.setVisible(self.height() >= LOW or not has_notice)

    def _show_strip(self) -> None:
        self.strip_hint.hide()
        self.strip.show()

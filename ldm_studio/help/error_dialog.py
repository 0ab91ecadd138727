"""Shows uncaught errors in a single dialog."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout

from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID, Role
from ldm_studio.main_window import MainWindow
from ldm_studio.translation import translate, translate_message

from .help_dialog import ButtonRole, HelpDialog, fixed_text, text_label

MAX_REPORTS = 20
"""Reports that one dialog holds; further ones are only counted."""
SIZE = QSize(640, 420)


class ErrorPresenter(QObject):
    """Shows a dialog for an error; a repeated error is only shown in the notice bar."""

    def __init__(self, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self._known: set[str] = set()
        self.dialog: ErrorDialog | None = None
        """The open dialog."""
        self.report_problem: Callable[[], object] = lambda: None
        """Opens the problem report."""

    def show(self, summary: str, report: str) -> None:
        """`report` has all details; equal reports are the same error."""
        if self.dialog is not None:
            self.dialog.add(summary, report)
        elif report in self._known:
            self._window.notice.show_error(
                self.tr("Something went wrong again: {summary}").format(
                    summary=translate_message(summary)
                ),
                "",
                (self.tr("Details…"), lambda: self._open(summary, report)),
            )
        else:
            self._open(summary, report)
        self._known.add(report)

    def _open(self, summary: str, report: str) -> None:
        self.dialog = dialog = ErrorDialog(self._window, lambda: self.report_problem())
        dialog.add(summary, report)
        dialog.finished.connect(self._closed)
        dialog.open_at(SIZE)

    def _closed(self) -> None:
        self.dialog = None


class ErrorDialog(HelpDialog):
    """A summary and the full report."""

    def __init__(self, window: MainWindow, report_problem: Callable[[], object]) -> None:
        super().__init__(window, translate("ErrorDialog", "Something Went Wrong"))
        self._count = 0
        self._reports: dict[str, int] = {}
        sign = PlainLabel()
        sign.setPixmap(icon("warning", Role.BrightText).pixmap(QSize(28, 28)))
        sign.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.summary = text_label()
        self.summary.setObjectName("title")
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(sign)
        row.addWidget(self.summary, 1)
        self.note = text_label(
            self.tr(
                "This is a bug in LDM Studio. Your prompt, canvas and images are saved. You can "
                "continue; if something looks wrong afterwards, restart the program."
            ),
            faint=True,
        )
        self.details = fixed_text(self.tr("Details of the error"))
        self.column.addLayout(row)
        self.column.addWidget(self.note)
        self.column.addWidget(self.details, 1)
        self.copy = self.add_button(self.tr("Copy Details"), self._copy, ButtonRole.ResetRole)
        self.report = self.add_button(
            self.tr("Report a Problem…"), self._report, ButtonRole.ActionRole
        )
        self._report_problem = report_problem
        self.close_button = self.add_button(
            self.tr("Continue"), self.accept, ButtonRole.RejectRole, default=True
        )
        self.close_button.setFocus()

    def add(self, summary: str, report: str) -> None:
        """Adds another error, or counts a repeated one."""
        self._count += 1
        if not self._reports:
            self._summary = translate_message(summary)
        if report in self._reports or len(self._reports) < MAX_REPORTS:
            self._reports[report] = self._reports.get(report, 0) + 1
        text = self._summary
        if self._count > 1:
            more = self.tr("Errors since then: {count}").format(count=self._count - 1)
            text = f"{text}\n{more}"
        self.summary.setText(text)
        self.details.setPlainText("\n\n".join(self._reports))

    def _copy(self) -> None:
        QApplication.clipboard().setText(self.details.toPlainText())

    def _report(self) -> None:
        self.accept()
        self._report_problem()

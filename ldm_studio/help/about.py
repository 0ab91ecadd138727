"""The About dialog: versions and licences."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, metadata

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ldm_studio import __version__
from ldm_studio.look.icons import RESOURCES, app_icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.translation import translate
from ldm_studio.versions import version_of, versions

from .help_dialog import ButtonRole, HelpDialog, fixed_text
from .help_page import draw_tables

SIZE = QSize(560, 460)
LICENSES = RESOURCES / "LICENSES.md"
OWN_LICENCE = "Apache License 2.0"
MAX_LICENCE = 80
"""Characters; some packages put the whole text where its name belongs."""
MAIN = ("PySide6-Essentials", "torch", "numpy")
PACKAGES = ("pillow", "safetensors", "tokenizers", "platformdirs", "qasync", "msgspec")


class AboutDialog(HelpDialog):
    """What it is, licences to read, versions to copy."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, translate("AboutDialog", "About LDM Studio"))
        image = PlainLabel()
        image.setPixmap(app_icon().pixmap(QSize(64, 64), parent.devicePixelRatioF()))
        name = PlainLabel(f"LDM Studio {__version__}")
        name.setObjectName("heading")
        what = PlainLabel(
            self.tr(
                "Images from latent diffusion models, made on this computer only. LDM Studio "
                "never opens a network connection."
            ),
            wordWrap=True,
        )
        beside = QVBoxLayout()
        beside.setSpacing(GRID // 2)
        beside.addWidget(name)
        beside.addWidget(what)
        head = QHBoxLayout()
        head.setSpacing(2 * GRID)
        head.addWidget(image)
        head.addLayout(beside, 1)
        self.versions = fixed_text(self.tr("Versions"))
        self.versions.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.versions.setPlainText("\n".join(lines()))
        self.licences = QTextBrowser()
        self.licences.setAccessibleName(self.tr("Licences"))
        self.licences.setAccessibleDescription(
            self.tr("Of the program and of the libraries it uses.")
        )
        self.licences.setOpenExternalLinks(True)
        # All of it wraps; but Qt rounds the columns of tables up, to a pixel more than there is.
        self.licences.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.licences.setMarkdown(licences())
        self.licences.document().setDocumentMargin(GRID)
        draw_tables(self.licences, whole_width=True)
        tabs = QTabWidget()
        tabs.addTab(self.licences, self.tr("Licences"))
        tabs.addTab(self.versions, self.tr("Versions"))
        tabs.setDocumentMode(True)
        tabs.setAccessibleName(self.tr("Licences and versions"))
        tabs.tabBar().setAccessibleName(tabs.accessibleName())
        tabs.tabBar().setAccessibleDescription(self.tr("Left and Right turn to the other page."))
        self.column.addLayout(head)
        self.column.addWidget(tabs, 1)
        self.close_button = self.add_button(
            self.tr("Close"), self.accept, ButtonRole.RejectRole, default=True
        )

    def begin(self) -> None:
        self.open_at(SIZE)
        self.close_button.setFocus()


def lines() -> list[str]:
    """Versions of the program and its dependencies."""
    return [*versions(), *(f"{name} {version_of(name)}" for name in PACKAGES)]


def licences() -> str:
    """Markdown: licences of the program, its dependencies, and bundled files."""
    parts = "\n".join(f"| {name} | {licence_of(name)} |" for name in (*MAIN, *PACKAGES))
    under = translate("AboutDialog", "LDM Studio is under the {licence}. It uses:")
    part, licence = translate("AboutDialog", "Part"), translate("AboutDialog", "Licence")
    own = f"{under.format(licence=OWN_LICENCE)}\n\n| {part} | {licence} |\n|---|---|\n{parts}\n"
    try:
        return f"{own}\n{LICENSES.read_text(encoding='utf-8')}"
    except OSError as error:
        return f"{own}\n{LICENSES.name}: {error.strerror or error}"


def licence_of(package: str) -> str:
    """The name of the licence from the package's metadata."""
    try:
        package_metadata = metadata(package)
    except PackageNotFoundError:
        return translate("AboutDialog", "not installed")
    named = next(
        (
            package_metadata[name]
            for name in ("License-Expression", "License")
            if name in package_metadata
        ),
        "",
    )
    kinds = [
        line
        for line in package_metadata.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    if not named or len(named) > MAX_LICENCE:
        kept_apart = translate("AboutDialog", "see its files")
        named = ", ".join(kind.rpartition(" :: ")[2] for kind in kinds) or kept_apart
    return named.replace("|", "or")

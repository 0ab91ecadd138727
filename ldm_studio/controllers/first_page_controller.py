"""Shows and hides the first-run page."""

from __future__ import annotations

from PySide6.QtCore import QObject

from ldm_studio.draw.run.first_run_page import FirstRunPage
from ldm_studio.startup.session import Session

from .command_controller import CommandController
from .studio import Studio


class FirstPageController(QObject):
    """Shows the page until something is on the canvas; after the first image it never returns."""

    def __init__(
        self,
        studio: Studio,
        commands: CommandController,
        session: Session,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._studio, self._session = studio, session
        self._document = studio.view.document
        self.page: FirstRunPage | None = None
        if not session.welcomes:
            return
        self.page = page = FirstRunPage(studio.view)
        page.prompt_chosen.connect(self._draw)
        page.models_requested.connect(studio.window.sampler.model.box.add_requested)
        page.image_requested.connect(commands.open_image)
        self._document.replaced.connect(self._update_visibility)
        self._update_visibility()

    def _draw(self, prompt: str) -> None:
        self._studio.store.prompt = prompt
        self._studio.generate()
        self._studio.window.prompt.prompt.setFocus()

    def _update_visibility(self) -> None:
        """Depends on what the canvas holds."""
        if self.page is not None and self._document.frame is not None:
            self.page.leave()
            self.page = None
        if self._studio.view.image() is not None:
            self._document.replaced.disconnect(self._update_visibility)
            self._session.welcomed()

"""The model section: the picker, problems of the model, and a VAE picker if it lacks one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from core.errors import Message
from ldm_studio import paths
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.models import found_models
from ldm_studio.models.found_models import FoundModel
from ldm_studio.store.binding import bind
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from ldm_studio.threads.background import Background
from ldm_studio.translation import translate_message
from ldm_studio.widgets.fields import tool_button
from ldm_studio.widgets.stable_scroll_area import column_around

from .model_box import ModelBox
from .vae_box import VaeBox


class ModelField(QWidget):
    """The picker and a button for the model's recommended settings; `problem` shows what is wrong,
    and `vae` is visible for a model without a VAE.
    """

    picked = Signal(str)
    """The reference of the model that the user picked."""

    def __init__(self, store: StudioStore) -> None:
        super().__init__()
        self._store = store
        self._chosen = self._chosen_before = store.model
        self._before: tuple[str, ModelInfo] | None = None
        """The model that was loaded when another was picked, until that is loaded."""
        self._awaited: tuple[str, Path] | None = None
        """The picked model and its path, until any model is loaded."""
        self._failed = False
        self._background = Background(self)
        self._on_problem_changed = ""
        """The problem of the last added folder, until a model is chosen."""
        self.box = ModelBox(store, self)
        self.own = tool_button(
            "settings",
            self.tr("Recommended settings"),
            self.tr("Reset to the settings recommended for the model."),
        )
        self.problem = PlainLabel(self, wordWrap=True)  # until a layout has a place for it
        self.problem.setObjectName("wrong")
        self.vae = VaeBox(store)
        self.vae.setParent(self)
        self.vae.setAccessibleName(self.tr("VAE of the model"))
        self.vae.setToolTip(self.tr("The autoencoder for the images of this model."))
        self.vae.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.box, 1)
        row.addWidget(self.own)
        # No focus proxy: with a window among its children, Qt would cut both off the tab chain.
        bind(store, "model", self.box, self.box.value, self.box.set_value, self.box.changed)
        bind(store, "vae", self.vae, self.vae.value, self.vae.set_value, self.vae.changed)
        store.model_changed.connect(self._model_changed)
        store.modified.connect(self._offer)
        store.run_changed.connect(self._run_changed)
        self.box.add_requested.connect(self._ask)
        self.box.picker.chosen.connect(lambda: self._show_problem(""))
        self.box.listed.connect(self._explain)
        store.vae_changed.connect(self._vae_chosen)
        self.box.changed.connect(lambda: self._pick(self.box.chosen))
        self.box.decided.connect(lambda: self.picked.emit(store.model))
        self.box.problem.connect(self._show_problem)
        self.own.clicked.connect(self._use_offered)
        self._explain()
        self._offer()

    def add(self, path: str) -> None:
        """Adds the models of this folder, and chooses the first of them."""
        self._background.run(
            lambda: found_models.find_models_in(Path(path)),
            lambda done: self._added(path, done.result()),
        )

    def _added(self, path: str, inside: list[FoundModel]) -> None:
        usable = [model for model in inside if not model.problem]
        if not inside:
            self._refuse(
                self.tr("There is no supported model in {name}.").format(name=Path(path).name)
            )
            return
        store = self._store
        if inside[0].reference == str(inside[0].path) and path not in store.model_folders:
            store.model_folders = (*store.model_folders, path)
        self.box.rescan()
        if usable:
            store.model = usable[0].reference
            self._pick(usable[0])
            self._show_problem("")
        else:
            self._refuse(inside[0].problem)

    def _refuse(self, problem: Message | str) -> None:
        """Shows it, also if the column is scrolled to somewhere else."""
        self._show_problem(problem)
        QTimer.singleShot(0, self._reveal_problem)  # after the layout

    def _reveal_problem(self) -> None:
        if column := column_around(self.problem):
            column.ensureWidgetVisible(self.problem)

    def _ask(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("Add a Model Folder"), str(_nearest_folder()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.add)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _pick(self, model: FoundModel | None) -> None:
        run = self._store.run
        if run.model is None and model is not None:
            self._awaited = self._chosen_before, model.path.resolve()
        elif run.model is not None and self._before is None:
            self._before = self._chosen_before, run.model
        self.picked.emit(self._store.model)

    def _model_changed(self) -> None:
        self._chosen_before, self._chosen = self._chosen, self._store.model
        self._show_problem("")

    def _show_problem(self, problem: Message | str) -> None:
        self._on_problem_changed = problem
        self._explain()

    def _explain(self) -> None:
        chosen, problem = self.box.chosen, self._on_problem_changed
        lacks = chosen is not None and chosen.lacks_vae
        self._store.needs_vae = lacks
        self.vae.setVisible(lacks)
        if not problem and self.box.is_missing:
            problem = self.tr("This model is missing. Choose another, or add its folder.")
        elif not problem and lacks and not self._store.vae:
            problem = self.tr("This model has no VAE of its own. Choose one for it:")
        elif not problem and chosen is not None:
            problem = chosen.problem.shorten_path(str(chosen.path), chosen.path.name)
        self.problem.setText(translate_message(problem))
        self.problem.setVisible(bool(problem))

    def _vae_chosen(self) -> None:
        self._explain()
        if self._store.needs_vae and self._store.vae:
            self.picked.emit(self._store.model)  # which can be loaded now

    def _run_changed(self, run: RunState) -> None:
        self._arrive(run)
        self._offer()

    def _arrive(self, run: RunState) -> None:
        """Applies the settings of a picked model once it is loaded, or returns to the previous
        one.
        """
        if self._awaited is not None and run.model is not None and not run.loading:
            chosen_before, picked = self._awaited
            self._awaited = None
            if run.model.path == picked:  # the own settings of other models are unknown
                self._store.apply_defaults(run.model)
            else:  # that of the last session was still loading
                self._before = chosen_before, run.model
            return
        if self._before is None or run.loading:
            return
        reference, before = self._before
        if run.model is None:
            self._failed = True
        elif self._failed and self._store.needs_vae and not self._store.vae:
            self._failed = False  # that can be fixed
        elif self._failed:
            self._before, self._failed = None, False
            self._store.model = reference
        elif replace(run.model, plan=before.plan) != before:
            self._before = None
            self._store.follow(before, run.model)

    def _offer(self) -> None:
        model = self._store.run.model
        self.own.setEnabled(model is not None and not self._store.has_defaults_of(model))

    def _use_offered(self) -> None:
        if (model := self._store.run.model) is not None:
            self._store.apply_defaults(model)


def _nearest_folder() -> Path:
    """The models folder, or its nearest existing parent."""
    folder = paths.models_dir()
    return next(path for path in (folder, *folder.parents) if path.is_dir())

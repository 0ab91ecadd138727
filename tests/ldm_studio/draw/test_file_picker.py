"""The pickers of models, LoRAs and embeddings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap

from ldm_studio import paths
from ldm_studio.draw.models import model_scan
from ldm_studio.draw.models.file_picker import FileItem, FilePicker, preview_beside
from ldm_studio.draw.prompt.addon_button import AddonButton, with_lora, with_word
from ldm_studio.draw.prompt.prompt_editor import PromptEditor
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from tests.ldm_studio.fakes import MODEL
from tests.ldm_studio.models.test_addons import embedding, lora

ITEMS = [
    FileItem("a", "Dream", "Stable Diffusion 1 · 2 GiB"),
    FileItem("b", "Juggernaut", "Stable Diffusion XL · 6 GiB"),
    FileItem("c", "half", problem="It is not complete."),
]


@pytest.fixture
def picker(qtbot) -> Iterator[FilePicker]:
    holder = PromptEditor("x", "x", "x", 2)
    qtbot.addWidget(holder)
    holder.show()
    picker = FilePicker(holder, "Models", "There are none.")
    picker.show_items(ITEMS, "b")
    with qtbot.waitExposed(picker):
        picker.open_below(holder)
    yield picker
    holder.close()


def shown(picker: FilePicker) -> list[str]:
    return [item.title for item in picker.items.shown]


def test_the_text_of_an_empty_list_has_room(qtbot) -> None:
    holder = PromptEditor("x", "x", "x", 2)
    qtbot.addWidget(holder)
    holder.show()
    empty = FilePicker(holder, "Models", "There are none yet, and here is what to do. " * 5)
    empty.show_items([])
    empty.open_below(holder)
    assert empty.empty.height() >= empty.empty.heightForWidth(empty.empty.width())
    empty.close()


def test_the_list_grows_while_files_are_found(picker) -> None:
    few = picker.height()
    many = [FileItem(number, f"model {number}") for number in range(20)]
    picker.show_items(many[:5])
    more = picker.height()
    assert few < more
    picker.show_items(many)
    most = picker.height()
    assert more < most
    picker.show_items(ITEMS)
    assert picker.height() == most  # it does not jump about
    picker.show_items([], looking=True)
    assert picker.empty.text() == ""
    picker.show_items([])
    assert picker.empty.text() == "There are none."


def test_typing_filters_by_name_and_kind(picker, qtbot) -> None:
    assert picker.list.currentIndex().row() == 1
    qtbot.keyClicks(picker.search, "xl")
    assert shown(picker) == ["Juggernaut"]
    picker.search.setText("nothing like it")
    assert shown(picker) == []
    assert "Nothing found" in picker.empty.text()
    picker.search.clear()
    assert shown(picker) == ["Dream", "Juggernaut", "half"]


def test_keys_choose_and_skip_unusable_files(picker, qtbot) -> None:
    chosen: list[object] = []
    picker.chosen.connect(chosen.append)
    qtbot.keyClick(picker.search, Qt.Key.Key_Up)
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    qtbot.keyClick(picker.search, Qt.Key.Key_PageDown)
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert chosen == ["a"]
    qtbot.keyClick(picker.search, Qt.Key.Key_Escape)
    assert not picker.isVisible()


def test_a_preview_image_beside_a_file_is_shown(picker, qtbot, tmp_path) -> None:
    file = tmp_path / "dream.v2.safetensors"
    assert preview_beside(file) is None
    image = QImage(64, 96, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    assert image.save(str(tmp_path / "dream.v2.preview.png"))
    picker.show_items([FileItem("a", "Dream", path=file)])
    index = picker.items.index(0)
    role = Qt.ItemDataRole.DecorationRole
    qtbot.waitUntil(lambda: isinstance(index.data(role), QPixmap))
    assert index.data(role).toImage().pixelColor(5, 5).name() == "#ff0000"


def test_the_accessible_text_explains_why_a_file_is_unusable(picker) -> None:
    index = picker.items.index(2)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "half, It is not complete."


@pytest.mark.parametrize(
    ("prompt", "written"),
    [
        ("", "<lora:ink:0.5>"),
        ("a cat ", "a cat <lora:ink:0.5>"),
        ("a <lora:ink:1> cat", "a <lora:ink:0.5> cat"),
        ("a <lora:ink2> cat", "a <lora:ink2> cat <lora:ink:0.5>"),
    ],
)
def test_a_lora_is_inserted_once(prompt: str, written: str) -> None:
    assert with_lora(prompt, "ink", "<lora:ink:0.5>") == written


@pytest.mark.parametrize(
    ("prompt", "written"),
    [
        ("", "bad-5"),
        ("a cat, ", "a cat, bad-5"),
        ("bad-5, x", "bad-5, x"),
        ("bad-55", "bad-55, bad-5"),
    ],
)
def test_an_embedding_is_inserted_once(prompt: str, written: str) -> None:
    assert with_word(prompt, "bad-5") == written


@pytest.fixture
def button(qtbot) -> AddonButton:
    folder = paths.models_dir()
    lora(folder / "Lora" / "ink.safetensors")
    embedding(folder / "embeddings" / "bad-5.safetensors", width=768)
    (folder / "Lora" / "half.safetensors").write_bytes(b"1")
    store = StudioStore()
    prompt, negative = (PromptEditor(name, "", "", 2) for name in ("Prompt", "Negative"))
    button = AddonButton(store, prompt, negative)
    for widget in (prompt, negative, button):
        qtbot.addWidget(widget)
    store.run = RunState(loading=False, model=MODEL)
    qtbot.waitUntil(lambda: not button._scan.is_running)
    assert button.picker.items.rowCount() == 2
    return button


def test_loras_are_inserted_with_their_strength(button, qtbot) -> None:
    button.open()
    assert shown(button.picker) == ["half", "ink"]
    button.strength.setValue(0.65)
    button.picker.search.setText("ink")
    qtbot.keyClick(button.picker.search, Qt.Key.Key_Return)
    assert button._prompt.toPlainText() == "<lora:ink:0.65>"


def test_embeddings_are_inserted_at_the_cursor(button, qtbot) -> None:
    button.open()
    button.kind.set_value("embedding")
    assert shown(button.picker) == ["bad-5"]
    assert button.picker.items.shown[0].detail.startswith("Stable Diffusion 1")
    button.into_negative.setChecked(True)
    qtbot.keyClick(button.picker.search, Qt.Key.Key_Return)
    assert button._negative.toPlainText() == "bad-5"
    assert button._prompt.toPlainText() == ""


def test_new_files_are_listed_when_the_list_opens_again(button, qtbot, tmp_path: Path) -> None:
    lora(paths.models_dir() / "Lora" / "new.safetensors")
    button.open()
    qtbot.waitUntil(lambda: "new" in shown(button.picker))


def test_known_files_are_listed_while_others_are_scanned(button, qtbot, monkeypatch):
    monkeypatch.setattr(model_scan, "BATCH_SECONDS", 1e-9)  # one file at a time
    for name in ("a", "b", "c"):
        lora(paths.models_dir() / "Lora" / f"{name}.safetensors")
    seen: list[tuple[int, str]] = []

    def look() -> None:
        seen.append((len(shown(button.picker)), button.unread.text()))

    button._scan.found.connect(look)
    button.open()
    qtbot.waitUntil(lambda: len(seen) == 3)
    assert seen == [
        (3, "Checking 2 more files…"),
        (4, "Checking 1 more file…"),
        (5, "Checking 0 more files…"),
    ]
    assert not button.unread.isVisible()

"""A canvas on screen with an image on it."""

from __future__ import annotations

import numpy as np
import pytest

from ldm_studio.canvas.view.canvas_view import CanvasView

WIDTH, HEIGHT = 200, 100


@pytest.fixture
def rgb() -> np.ndarray:
    """uint8 [100, 200, 3], light grey."""
    return np.full((HEIGHT, WIDTH, 3), 210, np.uint8)


@pytest.fixture
def view(qtbot, rgb) -> CanvasView:
    """Shown at 400 x 300, with the image at 100 %."""
    made = CanvasView()
    qtbot.addWidget(made)
    made.resize(400, 300)
    with qtbot.waitExposed(made):
        made.show()
    made.set_image(rgb)
    made.actual_size()
    return made

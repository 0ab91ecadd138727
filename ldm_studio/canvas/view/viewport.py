"""The position of the image in the widget. Uses no Qt.

Widget coordinates are logical pixels; `zoom` is device pixels per image pixel, so that zoom 1 shows
each pixel of the image on exactly one pixel of the screen, whatever the scaling of the desktop.
"""

from __future__ import annotations

from dataclasses import dataclass

ZOOM_MIN, ZOOM_MAX = 0.01, 64.0
MARGIN = 24.0  # logical pixels around a fitted image
GRIP = 48.0  # logical pixels of the image that stay visible when panning


@dataclass(slots=True)
class Viewport:
    """`x`, `y`: the widget position of the image's top left corner. While `fitting`, a resize
    fits the image again."""

    width: float = 1.0
    height: float = 1.0
    dpr: float = 1.0
    image_width: int = 1
    image_height: int = 1
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    fitting: bool = True

    @property
    def scale(self) -> float:
        """Logical pixels per image pixel."""
        return self.zoom / self.dpr

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.x) / self.scale, (y - self.y) / self.scale

    def to_widget(self, x: float, y: float) -> tuple[float, float]:
        return self.x + x * self.scale, self.y + y * self.scale

    def resize(self, width: float, height: float, dpr: float) -> None:
        """Keeps the fit; otherwise keeps the point in the middle, at the same zoom."""
        shift_x, shift_y = (width - self.width) / 2, (height - self.height) / 2
        middle = self.to_image(self.width / 2, self.height / 2)
        rescaled, self.width, self.height, self.dpr = dpr != self.dpr, width, height, dpr
        if self.fitting:
            self.fit()
        elif rescaled:
            self._centre_on(*middle)
        else:
            self._place(self.x + shift_x, self.y + shift_y)

    def show(self, image_width: int, image_height: int) -> None:
        """Sets the size of another image and fits it."""
        self.image_width, self.image_height = image_width, image_height
        self.fit()

    def fit(self) -> None:
        """Shows the whole image, as large as possible, centred."""
        self.fitting = True
        self.zoom = self._clamp(
            self.dpr
            * min(
                max(self.width - 2 * MARGIN, 1) / self.image_width,
                max(self.height - 2 * MARGIN, 1) / self.image_height,
            )
        )
        self._centre_on(self.image_width / 2, self.image_height / 2)

    def zoom_to(self, zoom: float, x: float, y: float) -> None:
        """Changes the zoom; the image point under the widget point (x, y) stays in place."""
        image_x, image_y = self.to_image(x, y)
        self.fitting = False
        self.zoom = self._clamp(zoom)
        self._place(x - image_x * self.scale, y - image_y * self.scale)

    def pan_by(self, dx: float, dy: float) -> None:
        self.fitting = False
        self._place(self.x + dx, self.y + dy)

    def _centre_on(self, image_x: float, image_y: float) -> None:
        self._place(self.width / 2 - image_x * self.scale, self.height / 2 - image_y * self.scale)

    def _place(self, x: float, y: float) -> None:
        """Keeps a part of the image visible, and aligns it to device pixels: at 100 % nothing is
        blurred."""
        shown_width, shown_height = self.image_width * self.scale, self.image_height * self.scale
        x = min(max(x, min(GRIP, shown_width) - shown_width), self.width - min(GRIP, shown_width))
        y = min(
            max(y, min(GRIP, shown_height) - shown_height), self.height - min(GRIP, shown_height)
        )
        self.x, self.y = round(x * self.dpr) / self.dpr, round(y * self.dpr) / self.dpr

    @staticmethod
    def _clamp(zoom: float) -> float:
        return min(max(zoom, ZOOM_MIN), ZOOM_MAX)

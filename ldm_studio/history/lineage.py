"""The lineage of an image: its ancestors and descendants as a tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from .history_reader import Reader
from .results import ListedImage, Relation

MAX_IMAGES = 60
"""Images in a tree; an init image may have hundreds of children."""
_DEEPEST = 100


@dataclass
class LineageNode:
    """An image of the tree, and its relation to its parent."""

    image: ListedImage
    step: int | None = None
    """The step at which it was branched; None if the parent was its init image."""
    mask: str = ""
    """The digest of its inpainting mask; empty if there was none."""
    children: list[LineageNode] = field(default_factory=list["LineageNode"])
    left_out: int = 0
    """The number of omitted children."""


@dataclass(frozen=True)
class Lineage:
    """The tree around an image, from its oldest known ancestor."""

    root: LineageNode
    of: int
    unknown: tuple[Relation, ...]
    """Parents of the oldest ancestor that are not in the history."""

    @property
    def is_alone(self) -> bool:
        return not (self.root.children or self.unknown)


def lineage_of(reader: Reader, number: int) -> Lineage | None:
    """None if there is no image with this id. Raises HistoryError."""
    line = _ancestors(reader, number)
    images = reader.listed([line[-1]])
    if not images:
        return None
    unknown = tuple(relation for relation in reader.parents(line[-1]) if not relation.ids)
    root = LineageNode(images[0])
    if unknown:
        root.step, root.mask = unknown[0].step, unknown[0].mask
    known = {line[-1]}
    waiting, room = [root], MAX_IMAGES
    while waiting:
        above = waiting.pop(0)
        numbers = [child for child in reader.children(above.image.id) if child not in known]
        # The path to the image itself is never omitted.
        numbers.sort(key=lambda child: (child not in line, child))
        taken = numbers[: max(room, 1 if set(numbers[:1]) & set(line) else 0)]
        above.left_out = len(numbers) - len(taken)
        room -= len(taken)
        for image in sorted(reader.listed(taken), key=lambda one: (one.made_at, one.id)):
            known.add(image.id)
            kin = _kin(reader, image, above.image)
            above.children.append(kin)
            waiting.append(kin)
    return Lineage(root, number, unknown)


def _ancestors(reader: Reader, number: int) -> list[int]:
    """The image, its parent, and so on."""
    line = [number]
    while len(line) < _DEEPEST:
        above = [
            parent
            for relation in sorted(reader.parents(line[-1]), key=lambda one: one.step is None)
            for parent in relation.ids
            if parent not in line
        ]
        if not above:
            break
        line.append(above[0])
    return line


def _kin(reader: Reader, image: ListedImage, above: ListedImage) -> LineageNode:
    for relation in reader.parents(image.id):
        if above.id in relation.ids:
            return LineageNode(image, relation.step, relation.mask)
    return LineageNode(image)

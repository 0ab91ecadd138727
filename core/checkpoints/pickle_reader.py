"""Reads the tensors that a pickle describes, without unpickling it.

A pickle is a program, and running it means trusting its author. Here its instructions only move
inert values: no name is imported and nothing is called. Any name other than the few that describe
tensors, or harmless training state, is an error that shows the name.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

import torch

from ..errors import UnreadableError, quoted
from .tensor_file import MAX_ELEMENTS, MAX_RANK

MAX_INSTRUCTIONS = 6_000_000
"""30 for each of the most tensors that a file may hold."""
MAX_INTEGER = 2**64

DTYPES: Mapping[str, torch.dtype] = {
    "Double": torch.float64,
    "Float": torch.float32,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Long": torch.int64,
    "Int": torch.int32,
    "Short": torch.int16,
    "Char": torch.int8,
    "Byte": torch.uint8,
    "Bool": torch.bool,
    "ComplexFloat": torch.complex64,
    "ComplexDouble": torch.complex128,
}
STORAGES = {f"torch.{name}Storage": dtype for name, dtype in DTYPES.items()}
STORAGES["torch.storage.UntypedStorage"] = torch.uint8
ELEMENTS = {str(dtype): dtype for dtype in vars(torch).values() if isinstance(dtype, torch.dtype)}
TENSOR = "torch._utils._rebuild_tensor_v2"
OTHER_TENSOR = "torch._utils._rebuild_tensor_v3"
PARAMETER = "torch._utils._rebuild_parameter"
MAPPING = "collections.OrderedDict"
PARAMETERS = "torch.nn.modules.container.ParameterDict"
HELD = "_parameters"
"""The attribute of a module of PyTorch that holds its tensors."""
KNOWN_GLOBALS = frozenset(
    {TENSOR, OTHER_TENSOR, PARAMETER, MAPPING, PARAMETERS, *STORAGES, *ELEMENTS}
)
IGNORED_GLOBALS = frozenset(
    {
        "__builtin__.set",
        "_codecs.encode",
        "builtins.set",
        "collections.defaultdict",
        "numpy._core.multiarray.scalar",
        "numpy.core.multiarray.scalar",
        "numpy.dtype",
        "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
        "torch.Size",
        "torch.device",
    }
)
"""Names of training state beside the weights. They are ignored, not imported."""


@dataclass(frozen=True)
class StoredElements:
    """The elements of one or several tensors."""

    dtype: torch.dtype
    key: str
    numel: int


@dataclass(frozen=True)
class StoredTensor:
    elements: StoredElements
    dtype: torch.dtype
    offset: int
    """In elements."""
    shape: tuple[int, ...]
    stride: tuple[int, ...]


@dataclass(frozen=True)
class _Name:
    """A global that the pickle names."""

    name: str


@dataclass(frozen=True)
class _Ignored:
    """An ignored object."""


class _Parameters(dict[object, object]):
    """A dictionary of tensors that is a module of PyTorch."""


_CONSTANTS: Mapping[str, object] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: Mapping[str, Callable[[], object]] = {
    "EMPTY_DICT": dict[object, object],
    "EMPTY_LIST": list[object],
    "EMPTY_SET": list[object],
    "EMPTY_TUPLE": tuple[object, ...],
}
_NUMBERS = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
_TEXTS = {"STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"}
_UNICODE = {"UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
_LITERALS = _NUMBERS | _TEXTS | _UNICODE


@dataclass(frozen=True)
class PickleContents:
    """The contents of a pickle."""

    value: object
    """Dictionaries, lists, tuples, plain values and StoredTensors."""
    elements: frozenset[StoredElements]
    """All elements that it refers to."""


def describe(data: bytes | io.BytesIO) -> PickleContents:
    """The contents of a pickle; for a stream, of the next pickle in it. Raises UnreadableError."""
    machine = _PickleMachine()
    try:
        for opcode, argument, _ in islice(pickletools.genops(data), MAX_INSTRUCTIONS):
            if opcode.name == "STOP":
                return PickleContents(machine.pop(), frozenset(machine.elements))
            machine.do(opcode.name, argument)
    except UnreadableError:
        raise
    except (ValueError, IndexError, OverflowError) as error:
        raise UnreadableError("its pickle is damaged: {error}", error=error) from error
    raise UnreadableError("its pickle is damaged: it does not end, or is too long")


@dataclass
class _PickleMachine:
    """The stack machine that interprets the instructions."""

    stack: list[object] = field(default_factory=list[object])
    marks: list[list[object]] = field(default_factory=list[list[object]])
    memo: dict[int, object] = field(default_factory=dict[int, object])
    elements: set[StoredElements] = field(default_factory=set[StoredElements])

    def do(self, name: str, argument: Any) -> None:
        if name in _EMPTY:
            self.stack.append(_EMPTY[name]())
        elif name in _LITERALS:
            self.stack.append(argument)
        elif name == "MARK":
            self.marks.append(self.stack)
            self.stack = []
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            self.memo[argument] = self.top()
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.top()
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            if argument not in self.memo:
                raise UnreadableError(
                    "its pickle is damaged: it reads a memo that was never written"
                )
            self.stack.append(self.memo[argument])
        elif name == "GLOBAL":
            self.stack.append(_check_global(str(argument).replace(" ", ".", 1)))
        elif name == "STACK_GLOBAL":
            second, first = self.pop(), self.pop()
            if not isinstance(first, str) or not isinstance(second, str):
                raise UnreadableError("its pickle is damaged: it names something without a name")
            self.stack.append(_check_global(f"{first}.{second}"))
        elif name == "BINPERSID":
            stored = _stored_elements(self.pop())
            self.elements.add(stored)
            self.stack.append(stored)
        elif name in ("REDUCE", "NEWOBJ"):
            arguments, called = self.pop(), self.pop()
            self.stack.append(_call(called, arguments))
        elif name == "POP":
            self.pop()
        elif name == "BUILD":
            self._build(self.pop())
        elif name == "DUP":
            self.stack.append(self.top())
        elif name not in ("PROTO", "FRAME"):
            self._collect(name)

    def _collect(self, name: str) -> None:
        """Instructions for dictionaries, lists, tuples and sets."""
        if name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            items = [self.pop() for _ in range(int(name[-1]))]
            self.stack.append(tuple(reversed(items)))
        elif name == "APPEND":
            self._extend([self.pop()])
        elif name == "SETITEM":
            value, key = self.pop(), self.pop()
            self._set([key, value])
        elif name in ("TUPLE", "LIST", "DICT", "FROZENSET"):
            items = self.since_mark()
            self.stack.append(tuple(items) if name == "TUPLE" else items)
            if name == "DICT":
                self.stack[-1] = {}
                self._set(items)
        elif name in ("APPENDS", "ADDITEMS"):
            self._extend(self.since_mark())
        elif name == "SETITEMS":
            self._set(self.since_mark())
        elif name == "POP_MARK":
            self.since_mark()
        else:
            raise UnreadableError(
                "its pickle has the instruction {name}, which no checkpoint needs", name=name
            )

    def _build(self, attributes: object) -> None:
        """Only those of `_Parameters` are needed."""
        target = self.top()
        if isinstance(target, _Parameters) and isinstance(attributes, dict):
            held = cast("dict[object, object]", attributes)
            target[HELD] = held.get(HELD)  # not copied: thousands may share one

    def top(self) -> object:
        if not self.stack:
            raise UnreadableError("its pickle is damaged: a value is missing")
        return self.stack[-1]

    def pop(self) -> object:
        top = self.top()
        del self.stack[-1]
        return top

    def since_mark(self) -> list[object]:
        if not self.marks:
            raise UnreadableError("its pickle is damaged: a mark is missing")
        items, self.stack = self.stack, self.marks.pop()
        return items

    def _extend(self, items: list[object]) -> None:
        target = self.top()
        if isinstance(target, list):
            cast("list[object]", target).extend(items)
        elif not isinstance(target, _Ignored):
            raise UnreadableError(
                "its pickle is damaged: it appends to something that is not a list"
            )

    def _set(self, items: list[object]) -> None:
        target = self.top()
        if isinstance(target, _Ignored):
            return
        if not isinstance(target, dict) or len(items) % 2:
            raise UnreadableError(
                "its pickle is damaged: it sets items of something that is not a dictionary"
            )
        mapping = cast("dict[object, object]", target)
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Other keys, such as classes, belong to training state.
            if isinstance(key, str) or (isinstance(key, int) and abs(key) < MAX_INTEGER):
                mapping[key] = value


def _check_global(name: str) -> _Name:
    if name not in KNOWN_GLOBALS and name not in IGNORED_GLOBALS:
        raise UnreadableError(
            "its pickle names {name}, which no description of tensors needs: it may be "
            "malicious; nothing of it was run",
            name=quoted(name, 120),
        )
    return _Name(name)


def _stored_elements(reference: object) -> StoredElements:
    match reference:
        case (
            ("storage", _Name(name=name), str(key), str(), int(numel))
            | ("storage", _Name(name=name), str(key), str(), int(numel), None)  # before 1.6
        ):
            if name in STORAGES and 0 <= numel < MAX_ELEMENTS:
                return StoredElements(STORAGES[name], key, numel)
        case _:
            pass
    raise UnreadableError("its pickle refers to something that is not the storage of a tensor")


def _call(called: object, arguments: object) -> object:
    name = called.name if isinstance(called, _Name) else ""
    given = cast("tuple[object, ...]", arguments) if isinstance(arguments, tuple) else ()
    if name == MAPPING:
        return {}
    if name == PARAMETERS:
        return _Parameters()
    if name in IGNORED_GLOBALS:
        return _Ignored()
    if name == PARAMETER and given and isinstance(given[0], StoredTensor):
        return given[0]
    match given:
        case (StoredElements() as elements, int(offset), shape, stride, *rest) if (
            name in (TENSOR, OTHER_TENSOR) and 0 <= offset < MAX_ELEMENTS
        ):
            dtype = elements.dtype
            if name == OTHER_TENSOR:
                named = rest[2] if len(rest) > 2 else None
                dtype = ELEMENTS.get(named.name) if isinstance(named, _Name) else None
            if dtype is not None:
                return StoredTensor(elements, dtype, offset, _sizes(shape), _sizes(stride))
        case _:
            pass
    raise UnreadableError(
        "its pickle is damaged: it calls {name} with wrong arguments",
        name=quoted(name or "a value"),
    )


def _sizes(values: object) -> tuple[int, ...]:
    items = cast("tuple[object, ...]", values) if isinstance(values, tuple) else (None,)
    sizes = tuple(item for item in items if type(item) is int and 0 <= item < MAX_ELEMENTS)
    if len(sizes) != len(items) or len(sizes) > MAX_RANK:
        raise UnreadableError("its pickle is damaged: a tensor has an impossible shape")
    return sizes

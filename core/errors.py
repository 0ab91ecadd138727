"""Messages to people, and the errors that carry them.

A message is a template and its values, so that it can be translated by looking the template up.
A template is English, a literal in the code, with named places such as `{path}`.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, TypeAlias, cast

MAX_VALUE = 500
"""Characters of a text inside a message; longer ones, from damaged files say, are elided."""
MAX_DEPTH = 8
"""Maximum depth of nested messages that are read from a file."""
MAX_ITEMS = 100
"""Items of a list inside a message."""
MAX_INTEGER = 10**40
_PLACE = re.compile(r"\{([a-z][a-z_0-9]*)\}")

Value: TypeAlias = "str | int | float | Message | tuple[Value, ...]"


@dataclass(frozen=True, init=False)
class Message:
    """Text for people: a template and its values.

    Values may be numbers, texts, paths, lists of these, messages and exceptions. `str()` is
    English.
    """

    template: str
    values: tuple[tuple[str, Value], ...]

    def __init__(self, template: LiteralString, /, **values: object) -> None:
        named = dict.fromkeys(_PLACE.findall(template))
        found = tuple((name, _value(values[name])) for name in named if name in values)
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "values", found)

    @classmethod
    def plain(cls, text: str) -> Message:
        """Text that is shown untranslated."""
        return cls("{text}", text=text) if text else NO_MESSAGE

    def __bool__(self) -> bool:
        return bool(self.template)

    def __str__(self) -> str:
        return self.text()

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The text for people. `translate` finds the translation of a template."""
        values = dict(self.values)

        def value_at(place: re.Match[str]) -> str:
            name = place[1]
            return _formatted(values[name], translate) if name in values else place[0]

        return _PLACE.sub(value_at, translate(self.template) if self.template else "")

    def shorten_path(self, path: str, name: str) -> Message:
        """The same message with `name` wherever its values contain `path`."""

        def shortened(value: Value) -> Value:
            if isinstance(value, str):
                return value.replace(path, name)
            if isinstance(value, Message):
                return value.shorten_path(path, name)
            return tuple(map(shortened, value)) if isinstance(value, tuple) else value

        return _made(self.template, {key: shortened(value) for key, value in self.values})

    def value(self, name: str) -> Value | None:
        """The value of one place in the template; None if it has none."""
        return dict(self.values).get(name)

    def to_json(self) -> str:
        """JSON for files. A message without values is its template alone."""
        if not self.values:
            return self.template
        return json.dumps(_to_plain(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Message:
        """Reads what `to_json` wrote. Any other text becomes a message that shows it verbatim."""
        if text.startswith('{"template"'):
            try:
                read = _from_plain(json.loads(text), MAX_DEPTH)
            except (ValueError, RecursionError):
                return cls.plain(text)
            if isinstance(read, Message):
                return read
        return _made(text, {}) if not _PLACE.search(text) else cls.plain(text)


def _made(template: str, values: Mapping[str, Value]) -> Message:
    """A message whose template is not a literal here, because it was made elsewhere."""
    return Message(cast("LiteralString", template), **values)


NO_MESSAGE = Message("")


class MessageError(Exception):
    """An exception whose text is a message."""

    message: Message

    def __init__(self, template: LiteralString | Message, /, **values: object) -> None:
        message = template if isinstance(template, Message) else Message(template, **values)
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)

    def __reduce__(self) -> tuple[Any, ...]:  # the arguments of subclasses differ
        return _restored, (type(self), self.args, self.__dict__)


def _restored(
    kind: type[MessageError], args: tuple[object, ...], state: dict[str, object]
) -> MessageError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class StudioError(MessageError):
    """Something the user can understand and act upon. Anything else that escapes is a bug.

    `message` says what is wrong and where; `hint` says what to do about it. Both templates take
    their values from `values`.
    """

    def __init__(
        self,
        template: LiteralString | Message,
        hint: LiteralString | Message = "",
        /,
        **values: object,
    ) -> None:
        super().__init__(template, **values)
        self.hint = hint if isinstance(hint, Message) else Message(hint, **values)

    def __str__(self) -> str:
        return str(message_of(self))


class RequestError(StudioError):
    """A field of a request has a value that cannot be honoured. `field` is its name."""

    def __init__(
        self,
        field: str,
        template: LiteralString | Message,
        hint: LiteralString | Message = "",
        /,
        **values: object,
    ) -> None:
        super().__init__(template, hint, **values)
        self.field = field


class ModelError(StudioError):
    """A model file is missing, damaged, or not what it claims to be."""


class ImageError(StudioError):
    """An image file cannot be read or written."""


class StateError(StudioError):
    """A saved trajectory is missing, damaged, or does not fit."""


class DecodeError(StudioError):
    """The autoencoder decoded a latent to values that are not finite."""


class MemoryShortage(StudioError):
    """The device ran out of memory."""


class InvalidError(MessageError, ValueError):
    """A value or a file is invalid. The message is the reason, a part of a sentence."""


class UnreadableError(InvalidError):
    """What is wrong with a model file, without its name: "it is not text"."""


class UnknownKindError(UnreadableError):
    """The file is intact, but of a kind that is not supported."""


class NotAModelError(UnknownKindError):
    """The file is not a whole model, such as a LoRA."""


class Cancelled(Exception):
    """Raised when work is cancelled or paused. Not an error."""


def message_of(error: BaseException) -> Message:
    """The text of an exception: its message with its hint, or its `str`."""
    if isinstance(error, StudioError) and error.hint:
        return Message("{message} {hint}", message=error.message, hint=error.hint)
    if isinstance(error, MessageError):
        return error.message
    if isinstance(error, OSError) and error.strerror:
        return Message.plain(error.strerror)
    if isinstance(error, MemoryError):
        return Message("there is not enough memory")
    if isinstance(error, RecursionError):
        return Message("it is nested too deeply")
    return Message.plain(str(error) or type(error).__name__)


def quoted(value: object, limit: int = 80) -> str:
    """`value` in quotation marks, at most `limit` characters, control characters escaped."""
    if not isinstance(value, str):
        return elide(_BoundedRepr().repr(value), limit)
    text = elide(value, limit)
    return '"' + "".join(c if c.isprintable() else repr(c)[1:-1] for c in text) + '"'


class _BoundedRepr(reprlib.Repr):
    """Short for any value: one of 500 bytes in a file can have 2**40 parts."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxtuple = self.maxlist = 8
        self.maxstring = self.maxother = MAX_VALUE

    def repr_int(self, x: int, level: int) -> str:
        return repr(x) if abs(x) < MAX_INTEGER else elide(hex(x), 40)


def elide(text: str, limit: int) -> str:
    """`text` with "…" in its middle if it is longer than `limit`: a path keeps its file name."""
    if len(text) <= limit:
        return text
    end = limit // 2
    return text[: limit - end - 1] + "…" + text[-end:]


def _value(value: object, *, inside: bool = False) -> Value:
    """A value that a message keeps: immutable, small, and without the objects it came from."""
    if isinstance(value, BaseException):
        return message_of(value)
    if isinstance(value, (Message, float)):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < MAX_INTEGER else quoted(value)
    if isinstance(value, (tuple, list)) and not inside:
        items = cast("Sequence[object]", value)
        more = ["…"] if len(items) > MAX_ITEMS else []
        return tuple(_value(item, inside=True) for item in (*items[:MAX_ITEMS], *more))
    if isinstance(value, (tuple, list, dict)):
        return quoted(cast("object", value), MAX_VALUE)
    return elide(str(value), MAX_VALUE)


def _formatted(value: Value, translate: Callable[[str], str]) -> str:
    if isinstance(value, Message):
        return value.text(translate)
    if isinstance(value, tuple):
        if all(isinstance(item, (int, float)) for item in value):
            return str(value)
        return ", ".join(_formatted(item, translate) for item in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _to_plain(value: Value) -> object:
    if isinstance(value, Message):
        values = {key: _to_plain(item) for key, item in value.values}
        return {"template": value.template, "values": values}
    return [_to_plain(item) for item in value] if isinstance(value, tuple) else value


def _from_plain(data: object, depth: int) -> Value:
    """Raises ValueError."""
    if depth <= 0:
        raise ValueError("the message is nested too deeply")
    if isinstance(data, list):
        return tuple(_from_plain(item, depth - 1) for item in cast("list[object]", data))
    if isinstance(data, (str, int, float)) and not isinstance(data, bool):
        return data
    found = cast("dict[str, object]", data) if isinstance(data, dict) else {}
    template, values = found.get("template"), found.get("values")
    if not isinstance(template, str) or not isinstance(values, dict):
        raise ValueError("this is no message")
    items = cast("dict[str, object]", values).items()
    return _made(template, {name: _from_plain(value, depth - 1) for name, value in items})

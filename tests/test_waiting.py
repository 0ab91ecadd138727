"""Tests wait for what happens: no time that a busy machine may exceed decides one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = sorted(TESTS.rglob("*.py"))
POLL_MS = 50
"""Timers that look again and again are shorter."""


def trees(source: str) -> Iterator[tuple[int, ast.AST]]:
    """A module, and the scripts in its strings, each with the line before its first."""
    tree = ast.parse(source)
    yield 0, tree
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" in node.value:
            try:
                yield node.lineno - 1, ast.parse(node.value)
            except SyntaxError:  # prose
                continue


def number(node: ast.expr | None) -> float | None:
    """None for what is not written as one."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, (int, float)) else None


def problem(call: ast.Call) -> str:
    """Why a call depends on the speed of the machine; empty if it does not."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    owner = getattr(getattr(call.func, "value", None), "id", "")
    options = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in ("sleep", "qWait", "qSleep", "msleep") or (owner, name) == ("qtbot", "wait"):
        return "waits for a time: wait for what happens"
    if number(options.get("timeout")) is not None:
        return "has a time-out of its own: use HANG_SECONDS"
    if name == "assertNotEmitted" and "wait" in options:
        return "waits for a time: wait for what comes after"
    first = call.args[0] if call.args else None
    if name == "waitSignal" and getattr(first, "attr", "") == "idle" and len(options) == 0:
        return "may see an earlier job: use until_idle"
    if name == "perf_counter":
        return "measures a busy machine: use thread_time"
    if name == "singleShot" and (number(first) or 0) > POLL_MS:
        return "waits for a time: look again and again until it happened"
    return ""


def problems(source: str) -> list[str]:
    return [
        f"{before + call.lineno}: {ast.unparse(call)} {found}"
        for before, tree in trees(source)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and (found := problem(call))
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_no_time_decides(path: Path) -> None:
    assert problems(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "time.sleep(0.1)",
        "qtbot.wait(100)",
        "QTest.qWait(100)",
        "process.wait(timeout=5)",
        "subprocess.run(command, timeout=60)",
        "qtbot.assertNotEmitted(signal, wait=300)",
        "QTimer.singleShot(2000, kill)",
        "qtbot.waitSignal(bridge.idle)",
        "start = perf_counter()",
        'SCRIPT = """\nimport time\ntime.sleep(1)\n"""',
    ],
)
def test_a_time_is_found(source: str) -> None:
    assert len(problems(source)) == 1


@pytest.mark.parametrize(
    "source", ["qtbot.waitUntil(done)", "join(timeout=HANG_SECONDS)", "QTimer.singleShot(10, look)"]
)
def test_waits_for_what_happens_are_allowed(source: str) -> None:
    assert problems(source) == []

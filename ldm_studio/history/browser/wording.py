"""What the history says of numbers of pictures, and of what looking through folders came to."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from ldm_studio.history.rebuild import Report

from .library import Indexed

_TOLD = 3


def tr(text: str) -> str:
    """In the language of the interface."""
    return QCoreApplication.translate("History", text)


def pictures(number: int) -> str:
    """So many pictures."""
    return tr("1 picture") if number == 1 else tr("{} pictures").format(f"{number:,}")


def told(indexed: Indexed) -> tuple[str, str]:
    """What looking through folders came to, in two sentences."""
    report: Report = indexed.report
    where = indexed.folders[0].name if len(indexed.folders) == 1 else tr("the folders")
    counts = [
        f"{number:,} {what}"
        for number, what in (
            (report.added, tr("new")), (report.changed, tr("changed")),
            (report.moved, tr("moved")), (report.missing, tr("missing")),
            (report.unchanged, tr("known already")),
        )
        if number
    ]  # fmt: skip
    found = tr("{} in {}").format(pictures(report.files), where)
    text = f"{found}: {', '.join(counts)}." if counts else f"{found}."
    if report.cancelled:
        text = tr("Stopped. {} The rest is looked through the next time.").format(text)
    hints: list[str] = []
    if report.problems:
        first = report.problems[0]
        one = f"{first.path.name}: {first.message}"
        rest = len(report.problems) - 1
        more = tr(" and {} more").format(f"{rest:,}") if rest else ""
        hints.append(tr("Could not be read: {}.").format(one + more))
    if report.ignored:
        most = sorted(report.ignored.items(), key=lambda item: -item[1])[:_TOLD]
        names = ", ".join(f"{name} ({number:,})" for name, number in most)
        end = "…" if len(report.ignored) > _TOLD else "."
        hints.append(tr("Settings without an equal here: {}").format(names + end))
    return text, " ".join(hints)

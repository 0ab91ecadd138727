"""Numbers, dates and scan results as text in the user's language."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QDate, QLocale

from ldm_studio.history.folder_scan import Report
from ldm_studio.translation import counted, joined, translate, translate_message

from .open_history import IndexResult

_MAX_REPORTED = 3


def digits(number: int) -> str:
    """With the user's thousands separator."""
    return QLocale().toString(number)


def images(number: int) -> str:
    """ "3 images" in the user's language."""
    return counted("History", "%Ln images", number)


def stars(number: int) -> str:
    """ "3 stars" in the user's language."""
    return counted("History", "%Ln stars", number)


def dated(day: str) -> str:
    """2026-11-23 as a date; empty if it is invalid."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return ""
    return QLocale().toString(_day(found), translate("History", "d MMMM yyyy"))


def month_text(month: str) -> str:
    """2026-11 as a month; unchanged if it is invalid."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        return month
    return QLocale().toString(_day(first), translate("History", "MMMM yyyy"))


def _day(day: date) -> QDate:
    return QDate(day.year, day.month, day.day)


def index_summary(indexed: IndexResult) -> tuple[str, str]:
    """The result of a scan, and hints on what was found."""
    report: Report = indexed.report
    return _counted(indexed), joined(_unread(report), _ignored(report))


def _counted(indexed: IndexResult) -> str:
    report = indexed.report
    counts = [
        words.format(number=digits(number))
        for number, words in (
            (report.added, translate("History", "{number} new")),
            (report.changed, translate("History", "{number} changed")),
            (report.moved, translate("History", "{number} moved")),
            (report.missing, translate("History", "{number} missing")),
            (report.unchanged, translate("History", "{number} already known")),
        )
        if number
    ]
    if len(indexed.folders) == 1 and counts:
        words = translate("History", "{images} in {folder}: {counts}.")
    elif len(indexed.folders) == 1:
        words = translate("History", "{images} in {folder}.")
    elif counts:
        words = translate("History", "{images} in the folders: {counts}.")
    else:
        words = translate("History", "{images} in the folders.")
    text = words.format(
        images=images(report.files),
        folder=indexed.folders[0].name if indexed.folders else "",
        counts=", ".join(counts),
    )
    if not report.cancelled:
        return text
    stopped = translate("History", "Stopped. {found} The rest is scanned the next time.")
    return stopped.format(found=text)


def _unread(report: Report) -> str:
    """The unreadable files."""
    if not report.problems:
        return ""
    first, rest = report.problems[0], len(report.problems) - 1
    words = translate("History", "Could not be read: {file}: {reason}")
    if rest:
        words = translate("History", "Could not be read, with {number} more: {file}: {reason}")
    return words.format(
        file=first.path.name, reason=translate_message(first.message), number=digits(rest)
    )


def _ignored(report: Report) -> str:
    """The unsupported settings, most frequent first."""
    if not report.ignored:
        return ""
    most = sorted(report.ignored.items(), key=lambda item: -item[1])[:_MAX_REPORTED]
    names = ", ".join(f"{name} ({digits(number)})" for name, number in most)
    words = translate("History", "Unsupported settings: {names}.")
    if len(report.ignored) > _MAX_REPORTED:
        words = translate("History", "Unsupported settings: {names}…")
    return words.format(names=names)

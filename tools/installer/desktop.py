"""Linux desktop integration: menu entry, file types, AppStream metadata, icons."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

from .archive import Entry
from .naming import APPLICATION, BUNDLE_ID, COMMAND, LICENCE, PUBLISHER, ROOT, SUMMARY

ICON_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
ICON = ROOT / "resources" / "icons" / "app.svg"

SAFETENSORS = "application/x-safetensors"
OPENS = ("image/png", "image/jpeg", "image/webp", SAFETENSORS)
"""MIME types of images, whose recipe is read, and of models."""

SUMMARY_ZH = "用潜在扩散模型创作图片"
DESCRIPTION = (
    "Type a prompt and watch the image appear step by step; paint over a part and have just "
    "that part redrawn; every image keeps the recipe it was made from.",
    "A small model comes with it, so the first image is seconds away: no account, no download, "
    "no network. Checkpoints of Stable Diffusion 1, 2 and XL are opened where they lie.",
)


def desktop_entry() -> str:
    """As the Desktop Entry Specification wants it."""
    return "\n".join(
        (
            "[Desktop Entry]",
            "Type=Application",
            "Version=1.0",
            f"Name={APPLICATION}",
            "GenericName=Image Generator",
            "GenericName[zh_CN]=图片生成",
            f"Comment={SUMMARY}",
            f"Comment[zh_CN]={SUMMARY_ZH}",
            "Keywords=diffusion;AI;inpainting;generate;image;",
            f"Exec={COMMAND} %F",
            f"TryExec={COMMAND}",
            f"Icon={COMMAND}",
            "Terminal=false",
            "Categories=Graphics;2DGraphics;RasterGraphics;",
            f"MimeType={';'.join(OPENS)};",
            f"StartupWMClass={COMMAND}",
            "StartupNotify=true",
            "",
        )
    )


def mime_types() -> str:
    """Tells the desktop what a `.safetensors` file is: shared-mime-info."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="{SAFETENSORS}">
    <comment>Model weights (safetensors)</comment>
    <comment xml:lang="zh_CN">模型权重 (safetensors)</comment>
    <generic-icon name="application-octet-stream"/>
    <glob pattern="*.safetensors"/>
  </mime-type>
</mime-info>
"""


def metainfo(version: str, epoch: int) -> str:
    """For software centres: AppStream 1.0."""
    day = datetime.fromtimestamp(epoch, UTC).date().isoformat()
    paragraphs = "\n".join(f"    <p>{escape(text)}</p>" for text in DESCRIPTION)
    types = "\n".join(f"    <mediatype>{name}</mediatype>" for name in OPENS)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<component type="desktop-application">
  <id>{BUNDLE_ID}</id>
  <metadata_license>CC0-1.0</metadata_license>
  <project_license>{LICENCE}</project_license>
  <name>{APPLICATION}</name>
  <summary>{SUMMARY}</summary>
  <summary xml:lang="zh_CN">{SUMMARY_ZH}</summary>
  <developer id="{BUNDLE_ID.rpartition(".")[0].lower()}">
    <name>{PUBLISHER}</name>
  </developer>
  <description>
{paragraphs}
  </description>
  <launchable type="desktop-id">{COMMAND}.desktop</launchable>
  <categories>
    <category>Graphics</category>
    <category>2DGraphics</category>
  </categories>
  <provides>
    <binary>{COMMAND}</binary>
{types}
  </provides>
  <content_rating type="oars-1.1"/>
  <releases>
    <release version="{version}" date="{day}"/>
  </releases>
</component>
"""


def entries(version: str, epoch: int, icons: Path) -> list[Entry]:
    """All of them, where they lie below /usr/share; `icons` has `<size>.png`."""
    hicolor = "usr/share/icons/hicolor"
    return [
        Entry(f"usr/share/applications/{COMMAND}.desktop", content=desktop_entry().encode()),
        Entry(f"usr/share/mime/packages/{COMMAND}.xml", content=mime_types().encode()),
        Entry(
            f"usr/share/metainfo/{BUNDLE_ID}.metainfo.xml",
            content=metainfo(version, epoch).encode(),
        ),
        Entry(f"{hicolor}/scalable/apps/{COMMAND}.svg", ICON),
        *(
            Entry(f"{hicolor}/{size}x{size}/apps/{COMMAND}.png", icons / f"{size}.png")
            for size in ICON_SIZES
        ),
    ]

"""The app icon in all sizes, drawn from its SVG by Qt."""

from pathlib import Path

from builder.product import ROOT, product

DOTS_PER_METRE = 3780  # 96 per inch
SOURCE = ROOT / "resources" / "icons" / "app.svg"


def draw_icons(folder: Path, sizes: list[int], *, margin: float = 0.0) -> list[Path]:
    """Write SIZE.png for each size into `folder`; `margin` is a fraction of the width."""
    from PySide6.QtCore import QRectF, QSize
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    # An image without text needs no QApplication, and the caller may create one later.
    renderer = QSvgRenderer(str(SOURCE))
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for size in sizes:
        image = QImage(QSize(size, size), QImage.Format.Format_ARGB32)
        image.fill(0)
        image.setDotsPerMeterX(DOTS_PER_METRE)  # the default depends on the screen
        image.setDotsPerMeterY(DOTS_PER_METRE)
        painter = QPainter(image)
        free, side = size * margin, size * (1 - 2 * margin)
        renderer.render(painter, QRectF(free, free, side, side))
        painter.end()
        drawn.append(folder / f"{size}.png")
        if not image.save(str(drawn[-1])):
            raise OSError(f"cannot write {drawn[-1]}")
    return drawn


def install_icons(share: Path) -> None:
    """Write the icons into share/, as the icon theme specification defines."""
    theme = share / "icons" / "hicolor"
    for path in draw_icons(theme, product().icon_sizes):
        place = theme / f"{path.stem}x{path.stem}" / "apps"
        place.mkdir(parents=True)
        path.rename(place / f"{product().id}.png")
    scalable = theme / "scalable" / "apps"
    scalable.mkdir(parents=True)
    (scalable / f"{product().id}.svg").write_bytes(SOURCE.read_bytes())

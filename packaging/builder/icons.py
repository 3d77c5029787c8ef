"""The icon of the program in the sizes that desktops want, drawn from its SVG by Qt."""

from pathlib import Path

from builder.product import ROOT, product

DOTS_PER_METRE = 3780  # a metre: 96 an inch
SOURCE = ROOT / "resources" / "icons" / "app.svg"


def draw_icons(folder: Path, sizes: list[int], *, margin: float = 0.0) -> list[Path]:
    """Write SIZE.png for each size into `folder`; `margin` is the share left free on each side."""
    from PySide6.QtCore import QRectF, QSize
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    # A picture without text needs no application, and who draws it may want one of its own later.
    renderer = QSvgRenderer(str(SOURCE))
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for size in sizes:
        image = QImage(QSize(size, size), QImage.Format.Format_ARGB32)
        image.fill(0)
        image.setDotsPerMeterX(DOTS_PER_METRE)  # else those of whatever screen Qt knows of
        image.setDotsPerMeterY(DOTS_PER_METRE)
        painter = QPainter(image)
        free, side = size * margin, size * (1 - 2 * margin)
        renderer.render(painter, QRectF(free, free, side, side))
        painter.end()
        drawn.append(folder / f"{size}.png")
        if not image.save(str(drawn[-1])):
            raise OSError(f"{drawn[-1]} cannot be written")
    return drawn


def install_icons(share: Path) -> None:
    """Put the icons where the icon theme specification wants them, below share/."""
    theme = share / "icons" / "hicolor"
    for path in draw_icons(theme, product().icon_sizes):
        place = theme / f"{path.stem}x{path.stem}" / "apps"
        place.mkdir(parents=True)
        path.rename(place / f"{product().id}.png")
    scalable = theme / "scalable" / "apps"
    scalable.mkdir(parents=True)
    (scalable / f"{product().id}.svg").write_bytes(SOURCE.read_bytes())

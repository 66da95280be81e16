"""How the window looks: two colour schemes on Qt's Fusion style, one accent, one spacing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from string import Template

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

import resources
from viewer.state.style import Theme

SPACE = 8  # px between things that belong together; twice that between things that do not
ICON = 20  # px
ICON_SCALES = (1, 2, 3)
FONTS = ["Inter", "SF Pro Text", "Segoe UI", "Noto Sans", "Cantarell", "Ubuntu", "DejaVu Sans"]
MONOSPACE = ["JetBrains Mono", "SF Mono", "Consolas", "Noto Sans Mono", "DejaVu Sans Mono"]


@dataclass(frozen=True, slots=True)
class Colours:
    """One scheme; every colour is "#rrggbb".

    Attributes:
        ground: Behind panels and docks.
        surface: Of docks, bars, menus.
        raised: Of buttons and fields.
        hover: Of what the mouse is over.
        line: Between things.
        text, muted: Of what matters, and of what explains it.
        accent, on_accent: Of what is on, focused or chosen, and text upon it.
        good, info, warning, error: Of notices and badges.
    """

    ground: str
    surface: str
    raised: str
    hover: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    good: str
    info: str
    warning: str
    error: str


DARK = Colours(
    ground="#0f1113",
    surface="#1d2025",
    raised="#272b32",
    hover="#313640",
    line="#2f343c",
    text="#e8eaed",
    muted="#9aa0a9",
    accent="#ffb454",
    on_accent="#2a1a00",
    good="#6fc48d",
    info="#6aaef7",
    warning="#e6cf5a",
    error="#ff7b72",
)
LIGHT = Colours(
    ground="#e4e6ea",
    surface="#ffffff",
    raised="#f6f7f9",
    hover="#eceef2",
    line="#dfe2e7",
    text="#1b1e23",
    muted="#5f6670",
    accent="#b35c00",
    on_accent="#ffffff",
    good="#1f7a45",
    info="#1d66b8",
    warning="#7d6200",
    error="#b3261e",
)


def colours(theme: Theme) -> Colours:
    """The colours of a theme."""
    return DARK if theme is Theme.DARK else LIGHT


def apply(theme: Theme) -> None:
    """Dress the whole application; may be called at any time, and costs nothing where it is dressed so.

    Every widget that is there is dressed anew: before they are made it is cheap.
    """
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return
    scheme = Qt.ColorScheme.Dark if theme is Theme.DARK else Qt.ColorScheme.Light
    application.styleHints().setColorScheme(scheme)
    application.setPalette(palette(colours(theme)))
    sheet = style_sheet(colours(theme))
    if application.styleSheet() != sheet:
        application.setStyleSheet(sheet)


def is_worn(theme: Theme) -> bool:
    """Whether the application is dressed so."""
    application = QApplication.instance()
    return isinstance(application, QApplication) and application.styleSheet() == style_sheet(colours(theme))


def take_off() -> None:
    """Leave the application bare, until `apply`: both together cost half of what `apply` alone does then."""
    application = QApplication.instance()
    if isinstance(application, QApplication):
        application.setStyleSheet("")


def first_dress(application: QApplication) -> None:
    """What does not change with the theme: style and type. Once, before the first window."""
    application.setStyle("Fusion")
    font = QFont()
    font.setFamilies(FONTS)
    font.setPointSizeF(max(font.pointSizeF(), 9.5))
    application.setFont(font)


def monospace() -> QFont:
    """For figures that change in place and for the log."""
    font = QFont()
    font.setFamilies(MONOSPACE)
    font.setStyleHint(QFont.StyleHint.Monospace)
    return font


def palette(c: Colours) -> QPalette:
    """The scheme as Fusion paints it."""
    result, role = QPalette(), QPalette.ColorRole
    for role_of, colour in (
        (role.Window, c.surface),
        (role.WindowText, c.text),
        (role.Base, c.raised),
        (role.AlternateBase, c.surface),
        (role.Text, c.text),
        (role.PlaceholderText, c.muted),
        (role.Button, c.raised),
        (role.ButtonText, c.text),
        (role.BrightText, c.error),
        (role.ToolTipBase, c.raised),
        (role.ToolTipText, c.text),
        (role.Highlight, c.accent),
        (role.HighlightedText, c.on_accent),
        (role.Accent, c.accent),
        (role.Link, c.info),
        (role.Light, c.hover),
        (role.Midlight, c.hover),
        (role.Mid, c.line),
        (role.Dark, c.line),
        (role.Shadow, c.ground),
    ):
        result.setColor(role_of, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        result.setColor(QPalette.ColorGroup.Disabled, which, mixed(c.muted, c.surface, 0.45))
    result.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(c.line))
    return result


def mixed(first: str, second: str, share: float) -> QColor:
    """`share` of the second colour in the first."""
    a, b = QColor(first), QColor(second)

    def between(start: int, end: int) -> int:
        return round(start + share * (end - start))

    return QColor(between(a.red(), b.red()), between(a.green(), b.green()), between(a.blue(), b.blue()))


@cache
def icon(name: str, colour: str) -> QIcon:
    """A bundled icon in one colour, sharp on any screen; disabled it fades."""
    text = resources.icon(name).read_text(encoding="utf-8")
    result = QIcon()
    for scale in ICON_SCALES:
        drawn = _drawn(text, QColor(colour), scale)
        result.addPixmap(drawn)
        faded = QColor(colour)
        faded.setAlphaF(0.35)
        result.addPixmap(_drawn(text, faded, scale), QIcon.Mode.Disabled)
    return result


def _drawn(svg: str, colour: QColor, scale: int) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(svg.replace("#000", colour.name()).encode()))
    pixmap = QPixmap(ICON * scale, ICON * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(colour.alphaF())
    renderer.render(painter, QRectF(0, 0, ICON * scale, ICON * scale))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


def style_sheet(c: Colours) -> str:
    """What the palette cannot say: space, corners, focus, and the named parts of the window."""
    return Template(_SHEET).substitute(
        ground=c.ground,
        surface=c.surface,
        raised=c.raised,
        hover=c.hover,
        line=c.line,
        text=c.text,
        muted=c.muted,
        accent=c.accent,
        on_accent=c.on_accent,
        good=c.good,
        info=c.info,
        warning=c.warning,
        error=c.error,
        arrow=resources.icon("drop-down").as_posix(),  # a style sheet cannot colour it: grey, for both themes
        info_ground=mixed(c.surface, c.info, 0.16).name(),
        warning_ground=mixed(c.surface, c.warning, 0.16).name(),
        error_ground=mixed(c.surface, c.error, 0.18).name(),
        good_ground=mixed(c.surface, c.good, 0.12).name(),
        accent_ground=mixed(c.surface, c.accent, 0.18).name(),
    )


_SHEET = """
QMainWindow, QWidget#ground { background: $ground; }
QMainWindow::separator { background: $ground; width: 6px; height: 6px; }
QMainWindow::separator:hover { background: $accent; }
QSplitter::handle { background: $ground; }
QSplitter::handle:hover { background: $accent; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 4px 6px; }

QMenuBar { background: $surface; padding: 2px 6px; }
QMenuBar::item { padding: 4px 10px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $surface; border: 1px solid $line; padding: 5px; }
QMenu::item { padding: 5px 24px 5px 12px; border-radius: 5px; }
QMenu::item:selected { background: $accent_ground; color: $text; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $line; margin: 5px 8px; }
QMenu::icon { padding-left: 8px; }
QToolBar { background: $surface; border: none; border-bottom: 1px solid $line; padding: 4px 8px;
    spacing: 2px; }
QToolBar::separator { background: $line; width: 1px; margin: 6px 6px; }
QToolButton { padding: 5px 7px; border: 1px solid transparent; border-radius: 6px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $accent_ground; border-color: $accent; }
QToolButton#qt_toolbar_ext_button { padding: 0; width: 22px; }
QToolButton:focus { border-color: $accent; }
QToolButton::menu-indicator { image: none; width: 0; }
QStatusBar { background: $surface; color: $muted; border-top: 1px solid $line; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $muted; padding: 2px 8px; }

QWidget#dockTitle { background: $surface; border-bottom: 1px solid $line; }
QWidget#dockTitle QToolButton { color: $muted; padding: 1px 6px; }
QLabel[role="dock"] { font-weight: 600; }
QDockWidget > QWidget { background: $surface; }
QScrollArea, QScrollArea > QWidget > QWidget { background: $surface; border: none; }
QTabWidget > QStackedWidget > QWidget { background: $surface; }
QTabBar::tab { background: $ground; color: $muted; padding: 6px 10px; border: none; }
QTabBar::tab:selected { background: $surface; color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { color: $accent; }

QPushButton, QComboBox, QLineEdit { background: $raised; border: 1px solid $line; border-radius: 6px;
    padding: 4px 9px; min-height: 18px; }
QPushButton:hover, QComboBox:hover { background: $hover; }
QPushButton:pressed { background: $accent_ground; }
QPushButton:focus, QComboBox:focus, QLineEdit:focus { border: 1px solid $accent; }
QPushButton#primary { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton#primary:focus { border: 2px solid $text; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url("$arrow"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $line;
    selection-background-color: $accent_ground;
    selection-color: $text; outline: none; }
QCheckBox { spacing: 8px; padding: 2px 4px 2px 0; border: 1px solid transparent; border-radius: 5px; }
QCheckBox:focus { border-color: $accent; }
QTableView, QListView { background: $surface; border: none; gridline-color: $line; outline: none;
    selection-background-color: $accent_ground; selection-color: $text; }
QTableView::item { padding: 2px 8px; border: none; }
QListView::item { padding: 6px 10px; border-radius: 5px; }
QListView::item:selected { background: $accent_ground; color: $text; }
QTableCornerButton::section { background: $surface; border: none; border-bottom: 1px solid $line; }
QHeaderView::section { background: $surface; color: $muted; border: none; border-bottom: 1px solid $line;
    padding: 4px 8px; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 2px; }
QScrollBar::handle:vertical { background: $line; border-radius: 3px; min-height: 28px; }
QScrollBar::handle:vertical:hover { background: $muted; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 2px; }
QScrollBar::handle:horizontal { background: $line; border-radius: 3px; min-width: 28px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $line; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $accent; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -5px 0; border-radius: 7px;
    background: $text; }
QSlider:focus { border: 1px solid $accent; border-radius: 5px; }

QLabel[role="heading"] { color: $text; font-weight: 600; padding-top: 10px; padding-bottom: 2px; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="warning"] { background: $warning_ground; color: $text; border-left: 3px solid $warning;
    padding: 6px 9px; }
QLabel[role="good"] { background: $good_ground; color: $text; border-left: 3px solid $good;
    padding: 6px 9px; }
QFrame#banner { border: 1px solid $line; border-radius: 4px; }
QFrame#banner[severity="info"] { background: $info_ground; border-left: 4px solid $info; }
QFrame#banner[severity="warning"] { background: $warning_ground; border-left: 4px solid $warning; }
QFrame#banner[severity="error"] { background: $error_ground; border-left: 4px solid $error; }
QFrame#banner QLabel { background: transparent; }
QFrame#banner QLabel[role="cause"] { font-weight: 600; }
QFrame#presentation { background: $surface; border-top: 1px solid $line; }
QLabel[presents="title"] { font-size: 24pt; font-weight: 600; }
QLabel[presents="caption"] { font-size: 16pt; }
QLabel[presents="said"] { font-size: 13pt; color: $muted; }
QDialog#palette { background: $surface; border: 1px solid $line; }
"""

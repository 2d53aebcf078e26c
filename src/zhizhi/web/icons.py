"""Our own drawings: icons on a 24-unit square, severity shapes and state rings on 16."""

from __future__ import annotations

from collections.abc import Mapping

ICONS: Mapping[str, str] = {
    "search": '<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5.5 5.5"/>',
    "bell": '<path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 21h4"/>',
    "user": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.8-4 3.6-6 7.5-6s6.7 2 7.5 6"/>',
    "globe": (
        '<circle cx="12" cy="12" r="8.5"/>'
        '<path d="M3.5 12h17M12 3.5c-5 5-5 12 0 17M12 3.5c5 5 5 12 0 17"/>'
    ),
    "leave": '<path d="M13 4H5.5v16H13M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5"/>',
    "send": '<path d="m3.5 11.5 17-8-6.5 17-3-7.5zM11 13l9.5-9.5"/>',
    "eye": (
        '<path d="M2.5 12C6 6.5 18 6.5 21.5 12 18 17.5 6 17.5 2.5 12z"/>'
        '<circle cx="12" cy="12" r="2.8"/>'
    ),
    "undo": '<path d="M8 5 4 9l4 4M4 9h10a6 6 0 0 1 0 11h-5"/>',
    "play": '<path d="M8 5v14l11-7z"/>',
    "pause": '<path d="M8.5 5v14M15.5 5v14"/>',
    "keyboard": (
        '<rect x="2.5" y="6" width="19" height="12" rx="2"/>'
        '<path d="M6 10h.01M10 10h.01M14 10h.01M18 10h.01M8 14h8"/>'
    ),
    "file": '<path d="M6 3.5h8l4.5 4.5v12.5H6zM13.5 3.5V8.5h5"/>',
    "download": '<path d="M12 3.5v11M7.5 10.5l4.5 4.5 4.5-4.5M4 17v3.5h16V17"/>',
    "print": '<path d="M7 8V3.5h10V8M7 17H3.5V8h17v9H17M7 13.5h10v7H7z"/>',
    "voice": (
        '<path d="M12 3.5a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0v-5a3 3 0 0 0-3-3z'
        'M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>'
    ),
    "stop": '<path d="M6.5 6.5h11v11h-11z"/>',
    "pin": (
        '<path d="M12 21s-7-6.5-7-11.5a7 7 0 0 1 14 0C19 14.5 12 21 12 21z"/>'
        '<circle cx="12" cy="9.5" r="2.5"/>'
    ),
    "camera": '<path d="M3 7.5h4l1.5-2.5h7L17 7.5h4v12H3z"/><circle cx="12" cy="13" r="3.5"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2.5"/>',
    "check": '<path d="m4.5 12.5 5 5 10-11"/>',
    "warn": '<path d="M12 3.5 2.5 20h19zM12 9.5v5M12 17.3v.2"/>',
    "fold": '<path d="m7 10 5 5 5-5"/>',
    "calm": (
        '<path d="M2.5 9c3-2.5 5-2.5 7.5 0s5 2.5 7.5 0 3-1.5 4-1'
        'M2.5 15c3-2.5 5-2.5 7.5 0s5 2.5 7.5 0 3-1.5 4-1"/>'
    ),
    "lost": (
        '<path d="M3 8.5C8 4 16 4 21 8.5M6.5 12.5c3.5-3 7.5-3 11 0'
        'M10 16.5c1.3-1 2.7-1 4 0M4 20 20 4"/>'
    ),
    "door": '<path d="M6 21V3.5h12V21M3.5 21h17M14.5 12v1"/>',
    "keep": '<path d="M6.5 3.5h11V20.5L12 16l-5.5 4.5z"/>',
    "close": '<path d="m5.5 5.5 13 13M18.5 5.5l-13 13"/>',
    "grip": '<path d="M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01"/>',
    "figures": '<path d="M4 20.5h16M7 17v-5M12 17V6M17 17V9"/>',
    "list": '<path d="M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5h.01M4.5 12h.01M4.5 17.5h.01"/>',
    "up": '<path d="m7 14 5-5 5 5"/>',
    "redo": '<path d="m16 5 4 4-4 4M20 9H10a6 6 0 0 0 0 11h5"/>',
    "corner": '<path d="M5 19V5h14M3 3h4v4H3zM3 17h4v4H3zM17 3h4v4h-4z"/>',
    "outline": '<path d="M4 9.5 13 4l7.5 6-3 9.5H7z"/>',
    "rectangle": '<path d="M3.5 6h17v12h-17z"/>',
    "circle": '<circle cx="12" cy="12" r="8.5"/>',
    "report": '<path d="M5 21V4h13l-2.5 4.5L18 13H5"/>',
    "follow": (
        '<path d="M9.5 6H20M9.5 12H20M9.5 18H20M3.5 6l1.2 1.2L7 5M3.5 12l1.2 1.2L7 11M3.5 18h2"/>'
    ),
    "phone": (
        '<path d="M6 3.5h3.5l1.5 4.5-2.2 1.6a11 11 0 0 0 5.6 5.6L16 13l4.5 1.5V18a2.5 2.5 0 0 1'
        '-2.7 2.5C10.5 20 4 13.5 3.5 6.2A2.5 2.5 0 0 1 6 3.5z"/>'
    ),
    "shield": '<path d="M12 3 4.5 6v5.5c0 4.5 3 7.800 7.5 9.5 4.5-1.700 7.5-5 7.5-9.5V6z"/>',
    "letters": '<path d="m3 19 5-13 5 13M5 14.5h6M14.5 19l3-8 3 8M15.5 16.5h4"/>',
    "home": '<path d="M3.5 11.5 12 4l8.5 7.5M6 9.5V20h12V9.5M10 20v-5.5h4V20"/>',
    "back": '<path d="M20 12H4.5M10.5 5.5 4 12l6.5 6.5"/>',
    "plus": '<path d="M12 4.5v15M4.5 12h15"/>',
}

# Severity is told by shape, word and colour.
SHAPES: Mapping[str, str] = {
    "urgent": "M8 0 16 8 8 16 0 8z",
    "important": "M8 1 16 15 0 15z",
    "normal": "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z",
}

_RING = '<circle cx="8" cy="8" r="6"/>'
RINGS: Mapping[str, str] = {
    "open": _RING,
    "dispatched": _RING + '<path class="fill" d="M8 8V3.5A4.5 4.5 0 0 1 12.5 8z"/>',
    "handling": _RING + '<path class="fill" d="M8 3.5a4.5 4.5 0 0 1 0 9z"/>',
    "handled": _RING + '<path class="fill" d="M8 8H3.5A4.5 4.5 0 1 0 8 3.5z"/>',
    "closed": '<path d="m3 8.5 3.5 3.5L13 4.5"/>',
    "dismissed": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "merged": '<path d="M2.5 3.5 8 8h5.5M2.5 12.5 8 8M11 5.5 13.5 8 11 10.5"/>',
}

_FACE = '<circle cx="12" cy="12" r="9"/><path d="M8.5 9v1M15.5 9v1"/>'
FACES: Mapping[str, str] = {  # words stand beside each
    "5": _FACE + '<path d="M7 13.5c1 4.5 9 4.5 10 0z"/>',
    "4": _FACE + '<path d="M8 14.5c2 2.5 6 2.5 8 0"/>',
    "3": _FACE + '<path d="M8 15.5h8"/>',
    "2": _FACE + '<path d="M8 16.5c2-2 6-2 8 0"/>',
    "1": _FACE + '<path d="M7.5 17.5c1.5-4 7.5-4 9 0M7 7.5l2.5 1M17 7.5l-2.5 1"/>',
}

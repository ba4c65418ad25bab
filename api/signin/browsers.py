"""What a browser is called, from what it says of itself: enough for its owner to know it again."""

from typing import Final

# The first that is found: nearly every browser also claims to be an older one.
NAMES: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def name(user_agent: str) -> str:
    """Name a browser and its system, such as "Firefox, Android"; empty if it says neither."""
    found = [
        next((shown for mark, shown in known if mark in user_agent), "")
        for known in (NAMES, SYSTEMS)
    ]
    return ", ".join(one for one in found if one)

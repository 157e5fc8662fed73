"""Where do templates, static files and migrations lie: in the wheel, or in the checkout?"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
_ROOT = PACKAGE if (PACKAGE / "templates").is_dir() else PACKAGE.parent

TEMPLATES = _ROOT / "templates"
STATIC = PACKAGE / "static"

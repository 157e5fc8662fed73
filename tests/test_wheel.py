"""Does a wheel, installed elsewhere, find its templates, migrations and static files?"""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LOOK = """
import commentsvc, sys
from pathlib import Path
from commentsvc.app import create_app
from commentsvc.settings import Settings
from commentsvc.infra.paths import STATIC, TEMPLATES
home = Path(commentsvc.__file__).parent
assert home.is_relative_to(sys.prefix), home
assert TEMPLATES.is_relative_to(home) and (TEMPLATES / "layout.html").is_file(), TEMPLATES
assert any(STATIC.rglob("*.js")), STATIC
client = create_app(Settings(data_dir=Path(sys.argv[1]))).test_client()
assert client.get("/readyz").json["database"] == "ok"
assert client.get("/embed.js").status_code == 200
page = client.get("/nowhere", headers={"Accept": "text/html"})
assert page.status_code == 404 and b"<html" in page.data
print("found everything")
"""


@pytest.mark.slow
def test_wheel_works_away_from_the_checkout(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    _run(tmp_path, [*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)])
    (wheel,) = tmp_path.glob("commentsvc-*.whl")
    home = tmp_path / "elsewhere"
    venv.create(home, with_pip=False)
    python = str(home / "bin" / "python")
    _run(tmp_path, [*pip, "--python", python, "install", "--no-deps", str(wheel)])
    _lend_dependencies(home)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("COMMENTSVC_", "PYTHON"))}
    env["COMMENTSVC_DATA_DIR"] = str(tmp_path / "data")

    upgraded = _run(tmp_path, [str(home / "bin" / "commentsvc"), "upgrade"], env=env)
    looked = _run(tmp_path, [python, "-c", LOOK, str(tmp_path / "data")], env=env)

    assert upgraded.startswith("The database is at revision ")
    assert looked == "found everything\n"


def _run(folder: Path, command: list[str], env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _lend_dependencies(home: Path) -> None:
    """Let the new environment see what is installed here, except commentsvc itself (an editable one's folder)."""
    (theirs,) = home.glob("lib/python*/site-packages")
    ours = Path(pytest.__file__).resolve().parent.parent
    for package in ours.iterdir():
        is_ours = package.name.startswith(("commentsvc", "_editable_impl_commentsvc"))
        if not is_ours and not (theirs / package.name).exists() and package.suffix != ".pth":
            (theirs / package.name).symlink_to(package)

"""Do the files that operators copy name what exists?"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from commentsvc.cli import main
from commentsvc.infra import measures
from commentsvc.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for path in DEPLOY.glob("commentsvc*"))


def _samples(client: Any) -> dict[str, set[str]]:
    """Return every metric's name with its labels, as a scrape shows them and as what isn't counted yet will be."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    for metric in measures.REGISTRY._collector_to_names:
        endings = ("_bucket", "_sum", "_count") if metric._type == "histogram" else ("_total",)
        for ending in endings:
            found.setdefault(metric._name + ending, set()).update({*metric._labelnames, "le"})
    return found


def _queries() -> list[str]:
    dashboard = json.loads((DEPLOY / "grafana.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]


def test_dashboard_asks_only_for_what_is_measured(client: Any) -> None:
    there = _samples(client)

    asked = _queries()
    names = {name for query in asked for name in re.findall(r"commentsvc_\w+", query)}

    assert names <= set(there)
    for query in asked:
        labels = set(re.findall(r'(\w+)=~?"', query))
        for group in re.findall(r"by \(([^)]*)\)", query):
            labels |= {label.strip() for label in group.split(",")}
        for name in re.findall(r"commentsvc_\w+", query):
            assert labels <= there[name], (query, there[name])


def test_every_metric_is_on_the_dashboard_and_documented(client: Any) -> None:
    text = (ROOT / "docs/operations.md").read_text()
    families = {re.sub(r"_(bucket|sum|count|created)$", "", name).removesuffix("_total") for name in _samples(client)}

    wanted = {name for name in families if name.startswith("commentsvc_")}

    assert {name for name in wanted if not re.search(rf"\| `{name}(_total)?` \|", text)} == set()
    assert {name for name in wanted if not any(name in query for query in _queries())} == set()


@pytest.mark.parametrize("name", UNITS)
def test_unit_is_what_systemd_takes(name: str, tmp_path: Path) -> None:
    text = (DEPLOY / name).read_text()
    for command in re.findall(r"/opt/commentsvc/bin/commentsvc (\w+)", text):
        assert command in main.commands
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze isn't here")
    for unit in UNITS:  # A timer wants its service; a program wants to be there.
        (tmp_path / unit).write_text(
            re.sub(r"/opt/commentsvc/bin/commentsvc", "/bin/true", (DEPLOY / unit).read_text())
        )

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True, check=False
    )

    ours = [line for line in done.stderr.splitlines() if name in line]
    assert ours == []


def test_services_are_hardened() -> None:
    for unit in DEPLOY.glob("*.service"):
        lines = unit.read_text().splitlines()
        for wanted in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "User=commentsvc"):
            assert wanted in lines, unit


def test_compose_file_names_settings_and_commands_that_exist() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}

    assert set(services) == {"upgrade", "service", "worker", "database", "redis"}
    for name in ("upgrade", "service", "worker"):
        assert set(services[name]["environment"]) <= known
        command = services[name].get("command")
        assert command is None or command[1] in main.commands
    containerfile = (DEPLOY / "Containerfile").read_text()
    assert set(re.findall(rf"{PREFIX}\w+", containerfile)) <= known
    assert compose["x-commentsvc"]["read_only"] is True

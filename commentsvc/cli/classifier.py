"""What can be asked of the classifier itself on the command line?"""

import json
import re
from pathlib import Path
from typing import Any

import click

from commentsvc.app import build_judge
from commentsvc.cli.evaluate import evaluate
from commentsvc.cli.installing import Wanted, export_to, install
from commentsvc.cli.rescore import rescore
from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import ClassifierUnavailable, Misconfigured
from commentsvc.moderation.detoxify.about import About, read_about
from commentsvc.moderation.detoxify.releases import RELEASES, verify
from commentsvc.moderation.inventory import DETOXIFY_ONNX, take_stock
from commentsvc.moderation.toxicity import ToxicityEngine
from commentsvc.settings import Settings, load_settings

_PROBE = "You are a fool, and nobody here agrees with you."
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def _sha256(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch("[0-9a-fA-F]{64}", value):
        raise click.BadParameter("may be a sha256, 64 hex digits")
    return value and value.lower()


@click.group()
def classifier() -> None:
    """The engines that judge texts: which one answers, and how well."""


classifier.add_command(evaluate)
classifier.add_command(rescore)


@classifier.command()
@click.option("--json", "as_json", is_flag=True, help="Answer one JSON object.")
def info(as_json: bool) -> None:
    """Say which engine judges here and why, what it knows, and which others are present."""
    settings = load_settings()
    judge = build_judge(settings)
    about = _about(settings, judge.toxicity, judge.describe())
    judge.close()
    if as_json:
        click.echo(json.dumps(about))
        return
    for name, line in _lines(about):
        click.echo(f"{name:<11}{line}")


@classifier.command("install")
@click.argument("engine", type=click.Choice(["detoxify"]))
@click.option("--model", type=click.Choice(list(RELEASES)), default="unbiased", show_default=True)
@click.option("--checkpoint", type=_FILE, help="Take this file instead of fetching it.")
@click.option(
    "--config", type=_FOLDER, help="Folder with the encoder's config.json and vocabulary, instead of fetching."
)
@click.option("--sha256", "digest", callback=_sha256, help="The checkpoint's whole sum; needed for one of your own.")
@click.option("--from", "base", metavar="URL", help="Fetch everything from this folder's address.")
def install_command(
    engine: str, *, model: str, checkpoint: Path | None, config: Path | None, digest: str | None, base: str | None
) -> None:
    """Make Detoxify judge here: fetch, verify, export, check, activate. What is done already isn't done again."""
    settings = load_settings()
    if base and not base.startswith(("http://", "https://")):
        raise click.BadParameter("may be an http:// or https:// address", param_hint="--from")
    wanted = Wanted(RELEASES[model], checkpoint, config, digest, base.rstrip("/") if base else None)
    about, done = install(wanted, settings.model_dir)
    click.echo(f"{DETOXIFY_ONNX} {about.version} is active" + (": " if done else " already: ") + _checked(about))
    if settings.classifier not in {"auto", DETOXIFY_ONNX}:
        click.echo(f"COMMENTSVC_CLASSIFIER is {settings.classifier}, so it doesn't judge yet.")
    elif done:
        click.echo("Restart the server and the worker. Thresholds were set for the engine before: look at them again.")


@classifier.command()
@click.argument("checkpoint", type=_FILE)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A folder that doesn't exist yet.")
@click.option("--config", type=_FOLDER, help="Its config.json and vocabulary  [default: config/ beside it]")
@click.option("--sha256", "expected", callback=_sha256, help="The checkpoint's whole sum; needed for one of your own.")
@click.option("--fp32", is_flag=True, help="Keep the weights in 32 bits: four times as large, three times as slow.")
def export(checkpoint: Path, out: Path, config: Path | None, expected: str | None, fp32: bool) -> None:
    """Export a Detoxify checkpoint to a folder that is served without torch."""
    if out.exists():
        raise Misconfigured(f"{out} exists already.")
    release = next((release for release in RELEASES.values() if release.name == checkpoint.name), None)
    digest = verify(checkpoint, expected=expected, release=release)
    about = export_to(
        out.absolute(),
        checkpoint,
        config=config or checkpoint.parent / "config",
        model=release.model if release else checkpoint.stem,
        digest=digest,
        whole=expected is not None,
        int8=not fp32,
    )
    click.echo(f"{out}: {about.version}, {_checked(about)}")


def _checked(about: About) -> str:
    answers = f"at most {about.parity:.1e} away from Detoxify in 32 bits"
    if about.weights == "fp32":
        return f"{answers}."
    return f"{answers}, at most {about.drift:.3f} (on average {about.drift_mean:.4f}) as served, in 8."


def _about(settings: Settings, engine: ToxicityEngine, described: dict[str, Any]) -> dict[str, Any]:
    """Collect what is known of the engine that judges and of the others."""
    stock = {one.name: one for one in take_stock(settings.model_dir)}
    known = _known_labels(engine)
    exported = _exported(settings) if engine.name == DETOXIFY_ONNX else None
    # A scorer elsewhere may have an engine that isn't here, or none that has answered yet.
    here = stock.get(engine.name)
    languages = ["en"] if here is None or here.english_only else ["many"]
    return {
        **described,
        "setting": settings.classifier,
        "labels": known,
        "unknown": [label for label in TOXICITY_LABELS if label not in known],
        "languages": list(exported.languages) if exported else languages,
        "bytes": here.size if here else 0,
        "exported": exported and {
            "model": exported.model, "checkpoint": exported.checkpoint, "weights": exported.weights,
            "parity": exported.parity, "drift": exported.drift, "drift_mean": exported.drift_mean,
            "made_with": dict(exported.made_with),
        },
        "engines": [
            {"engine": one.name, "present": one.is_present, "why_not": one.why_not, "bytes": one.size}
            for one in stock.values()
        ],
    }  # fmt: skip


def _known_labels(engine: ToxicityEngine) -> list[str]:
    # Asked rather than declared: what it answers is what it knows.
    try:
        (scores,) = engine.score([_PROBE])
    except ClassifierUnavailable:
        return []
    return [label for label in TOXICITY_LABELS if scores.get(label) is not None]


def _exported(settings: Settings) -> About | None:
    try:
        return read_about(settings.model_dir / DETOXIFY_ONNX)
    except ClassifierUnavailable:
        return None


def _lines(about: dict[str, Any]) -> list[tuple[str, str]]:
    chosen = "the best that is present (auto)" if about["setting"] == "auto" else "as COMMENTSVC_CLASSIFIER says"
    lines = [("toxicity", f"{about['engine']} {about['version']}, {chosen}")]
    if about["why"]:
        lines.append(("", f"does not answer: {about['why']}"))
    else:
        unknown = ", ".join(about["unknown"]) or "none"
        lines += [("labels", f"{', '.join(about['labels'])}; unknown (null): {unknown}")]
        others = "; other languages are not judged" if about["languages"] == ["en"] else ""
        lines += [("languages", ", ".join(about["languages"]) + others)]
    lines.append(("on disk", f"{about['bytes'] / 1e6:.1f} MB"))
    if exported := about["exported"]:
        made = ", ".join(f"{name} {version}" for name, version in exported["made_with"].items())
        lines += [
            ("exported", f"{exported['model']}, {exported['weights']}, from checkpoint {exported['checkpoint']}"),
            (
                "",
                f"parity {exported['parity']:.1e}; drift {exported['drift']:.3f}, mean {exported['drift_mean']:.4f}",
            ),
            ("", f"made with {made}"),
        ]
    for one in about["engines"]:
        if one["engine"] != about["engine"]:
            state = f"present, {one['bytes'] / 1e6:.1f} MB" if one["present"] else f"absent: {one['why_not']}"
            lines.append(("also", f"{one['engine']}: {state}"))
    lines.append(("relevance", f"{about['relevance']['engine']} {about['relevance']['version']}"))
    lines.append(("thresholds", "belong to a site and an engine; after a change of engine look at them again"))
    return lines

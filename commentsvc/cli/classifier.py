"""What can be asked of the classifier itself on the command line?"""

import click

from commentsvc.app import build_judge
from commentsvc.cli.evaluate import evaluate
from commentsvc.settings import load_settings


@click.group()
def classifier() -> None:
    """The engines that judge texts: which one answers, and how well."""


@classifier.command()
def info() -> None:
    """Say which engines judge here, and in which version."""
    judge = build_judge(load_settings())
    about = judge.describe()
    judge.close()
    click.echo(f"toxicity   {about['engine']} {about['version']}" + (f": {about['why']}" if about["why"] else ""))
    click.echo(f"relevance  {about['relevance']['engine']} {about['relevance']['version']}")


classifier.add_command(evaluate)

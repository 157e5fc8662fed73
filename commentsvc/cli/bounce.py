"""Which address does a delivery report say is gone? For the mail server to hand reports to."""

import sys
from functools import partial

import click

from commentsvc.actions import bounces, mailing
from commentsvc.cli.opening import open_database
from commentsvc.settings import load_settings
from commentsvc.store.db import now_us


@click.command()
def bounce() -> None:
    """Read a delivery report (RFC 3464) from standard input; an address that is gone gets no more notices."""
    settings = load_settings().with_secret()
    raw = sys.stdin.buffer.read(bounces.MOST_BYTES + 1)
    key_of = partial(mailing.key_of, secret=settings.secret_key)
    with open_database(settings) as db, db.writing() as session:
        gone = bounces.read_report(session, raw, key_of=key_of, now=now_us())
    # Not a failure: a mail server would send the report itself back.
    click.echo(f"Marked {len(gone)} address{'' if len(gone) == 1 else 'es'} as gone.")

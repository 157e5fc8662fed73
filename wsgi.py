"""The WSGI entry point."""

from commentsvc.app import create_app

app = create_app()

"""commentsvc: the comment section a newsroom can run itself."""

__version__ = "0.1.0"

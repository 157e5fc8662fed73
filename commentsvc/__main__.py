"""What does `python -m commentsvc` do? The same as the command."""

from commentsvc.cli import main

main()

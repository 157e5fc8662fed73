"""How fast is our server when Flask has nothing to do? It answers every request with the same 10 kB.

python -m benchmarks.floor PORT
"""

import sys
from typing import Any

from flask import Flask, Response

from commentsvc import serve
from commentsvc.settings import Settings

_BODY = b'{"constant":"' + b"x" * 9985 + b'"}'


def load(_settings: Settings) -> Any:
    """Build the application in the server's process."""
    app = Flask(__name__)
    app.add_url_rule("/", "constant", lambda: Response(_BODY, mimetype="application/json"))
    return serve.Front(app)


if __name__ == "__main__":
    serve.serve(Settings(), host="127.0.0.1", port=int(sys.argv[1]), workers=1, load=load)

"""Do the servers in docs/embed.md sign what the service takes?"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from commentsvc.actions import assertions
from commentsvc.actions.assertions import Vouched
from commentsvc.queries.sign_ons import shared_secret
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Site
from tests.conftest import Cast
from tests.signing import SECRET, new_key

EMBED = Path(__file__).resolve().parent.parent / "docs" / "embed.md"
CALLS = {
    "python": ([sys.executable, "-"], "print(comments_token(17, 'Zoë Falk'), end='')"),
    "js": (["node", "--input-type=module", "-"], "process.stdout.write(commentsToken(17, 'Zoë Falk'));"),
    "php": (["php"], "<?php echo comments_token(17, 'Zoë Falk');"),
}


@pytest.mark.parametrize("language", CALLS)
def test_a_server_of_the_docs_signs_a_token_that_is_taken(db: Database, cast: Cast, language: str):
    command, call = CALLS[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    (example,) = re.findall(rf"```{language}\n((?:(?!```).)*(?:HS256)(?:(?!```).)*)```", EMBED.read_text(), re.DOTALL)
    with db.writing() as session:
        key = new_key(session, cast)
    keys = {"COMMENTS_KID": key.kid, "COMMENTS_SECRET": shared_secret(key, secret=SECRET)}
    script = f"<?php\n{example}\n{call.removeprefix('<?php')}" if language == "php" else f"{example}\n{call}\n"

    done = subprocess.run(
        command, input=script, text=True, capture_output=True, check=True, env={**os.environ, **keys}
    )  # fmt: skip

    with db.writing() as session:
        found = assertions.accept(
            session, session.get_one(Site, cast.daily.id), done.stdout, secret=SECRET, now=now_us()
        )  # fmt: skip
    assert isinstance(found, Vouched), found
    assert (found.subject, found.name) == ("17", "Zoë Falk")

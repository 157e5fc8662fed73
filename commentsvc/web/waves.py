"""Which waves of near-duplicates does the desk see, and where does a decision about one begin?"""

from flask import render_template
from flask.typing import ResponseReturnValue

from commentsvc.queries import waves
from commentsvc.web import bulk_words, context
from commentsvc.web.desk import desk, desk_blueprint, frame, managing

blueprint = desk_blueprint("waves", __name__)

_MOST = 20
_SINCE_US = 2 * 24 * 3600 * 1_000_000


@blueprint.get("/<site_key>/waves")
@managing
def show_waves() -> ResponseReturnValue:
    """Show the largest waves of the last two days."""
    found = waves.largest(context.session(), desk().site.id, since=context.now() - _SINCE_US, limit=_MOST)
    return render_template("console/bulk/waves.html", waves=found, words=bulk_words, **frame())

"""Do the benchmarks over HTTP ask for what they say, and is what they fill like a newspaper's?"""

import sqlite3
from pathlib import Path

import pytest

from benchmarks import isso
from benchmarks.filling import BIG, SMALL, fill
from benchmarks.posting import posts, votes
from benchmarks.reading import last_cursor
from benchmarks.stand import getting, serve_ours
from benchmarks.tables import Table, ms


@pytest.mark.slow
def test_loads_are_answered_and_do_what_they_say(tmp_path: Path) -> None:
    """With wrk, against the real server, for a second each."""
    database = tmp_path / "bench.db"
    url = f"sqlite:///{database}"
    filled = fill(url, 300)
    page = f"/api/v1/comments?site=bench&article={BIG}"
    with serve_ours(url, tmp_path, replay=True) as stand:
        read = stand.load(getting([page, f"{page}&after={last_cursor(database)}"]), clients=2, seconds=1)
        posted = stand.load(posts(filled.tokens, "test"), clients=2, seconds=1)
        voted = stand.load(votes(filled), clients=2, seconds=1)
        memory = stand.memory_mb()

    with sqlite3.connect(database) as found:
        kept = found.execute("SELECT count(*) FROM comments WHERE body LIKE 'Remark % of test.%'").fetchone()[0]
        votes_kept = found.execute("SELECT count(*) FROM votes WHERE person_id IN "
                                   "(SELECT person_id FROM api_tokens)").fetchone()[0]  # fmt: skip
    assert [load.bad for load in (read, posted, voted)] == [0, 0, 0]
    assert min(load.rate for load in (read, posted, voted)) > 0
    # What was on its way when the second was over is kept too.
    assert 0 <= kept - posted.count <= 2
    assert 0 < votes_kept <= voted.count + 2
    assert posted.cpu > 0
    assert 50 < memory < 1000


def test_isso_gets_the_same_comments_with_replies_below_their_topmost(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.db", tmp_path / "theirs.db"
    fill(f"sqlite:///{ours}", 200)

    isso.copy(ours, theirs)

    with sqlite3.connect(ours) as one, sqlite3.connect(theirs) as other:
        published = one.execute("SELECT count(*) FROM comments WHERE status = 'published'").fetchone()
        copied = other.execute("SELECT count(*) FROM comments").fetchone()
        threads = {row[0] for row in other.execute("SELECT uri FROM threads")}
        deep = other.execute(
            "SELECT count(*) FROM comments a JOIN comments b ON b.id = a.parent WHERE b.parent IS NOT NULL"
        ).fetchone()
        replies = other.execute("SELECT count(*) FROM comments WHERE parent IS NOT NULL").fetchone()[0]
    assert copied == published
    assert threads == {f"/{key}/" for key in (BIG, *SMALL)}
    assert deep == (0,)
    assert replies > 20


def test_tables_are_markdown() -> None:
    table = Table("what", "size")
    table.add("a", ms(0.0512))
    table.add("b", ms(123.4))

    assert table.markdown() == "| what | size |\n| --- | ---: |\n| a | 0.051 |\n| b | 123 |"

"""How are cases found by words? The database's own full-text index, kept up to date by triggers.

Both databases have two tables of the same names: `case_words`, the comments that have a case, by the case's id, and
`article_words`, the titles. Comments without a case aren't in them: posting and seeding pay for what the queue may look
for, and nothing else.
"""

from sqlalchemy import Connection

TABLES = ("case_words", "article_words")
_SHADOWS = ("data", "idx", "docsize", "config")

_SEPARATORS = "./@:_=&?#+~-"
_SPLIT = f"translate({{}}, '{_SEPARATORS}', '{' ' * len(_SEPARATORS)}')"
"""PostgreSQL's parser takes an address for one word; split, it is found by each of its words."""

_SQLITE = (
    "CREATE VIEW case_texts AS SELECT cases.id AS id, comments.body AS body "
    "FROM cases JOIN comments ON comments.id = cases.comment_id",
    "CREATE VIRTUAL TABLE case_words USING fts5(body, content='case_texts', content_rowid='id', "
    "tokenize='unicode61 remove_diacritics 2')",
    "CREATE VIRTUAL TABLE article_words USING fts5(title, content='articles', content_rowid='id', "
    "tokenize='unicode61 remove_diacritics 2')",
    "CREATE TRIGGER case_words_opened AFTER INSERT ON cases BEGIN "
    "INSERT INTO case_words(rowid, body) SELECT NEW.id, body FROM comments WHERE id = NEW.comment_id; END",
    "CREATE TRIGGER case_words_gone BEFORE DELETE ON cases BEGIN "
    "INSERT INTO case_words(case_words, rowid, body) SELECT 'delete', OLD.id, body FROM comments "
    "WHERE id = OLD.comment_id; END",
    "CREATE TRIGGER case_words_edited AFTER UPDATE OF body ON comments WHEN OLD.body <> NEW.body BEGIN "
    "INSERT INTO case_words(case_words, rowid, body) SELECT 'delete', id, OLD.body FROM cases "
    "WHERE comment_id = OLD.id; "
    "INSERT INTO case_words(rowid, body) SELECT id, NEW.body FROM cases WHERE comment_id = NEW.id; END",
    "CREATE TRIGGER article_words_made AFTER INSERT ON articles BEGIN "
    "INSERT INTO article_words(rowid, title) VALUES (NEW.id, NEW.title); END",
    "CREATE TRIGGER article_words_gone AFTER DELETE ON articles BEGIN "
    "INSERT INTO article_words(article_words, rowid, title) VALUES ('delete', OLD.id, OLD.title); END",
    "CREATE TRIGGER article_words_renamed AFTER UPDATE OF title ON articles WHEN OLD.title <> NEW.title BEGIN "
    "INSERT INTO article_words(article_words, rowid, title) VALUES ('delete', OLD.id, OLD.title); "
    "INSERT INTO article_words(rowid, title) VALUES (NEW.id, NEW.title); END",
    "INSERT INTO case_words(case_words) VALUES ('rebuild')",
    "INSERT INTO article_words(article_words) VALUES ('rebuild')",
)


def _postgres() -> tuple[str, ...]:
    body, title = (f"to_tsvector('simple', {_SPLIT.format(text)})" for text in ("{}.body", "{}.title"))
    keep = "ON CONFLICT ({}) DO UPDATE SET words = EXCLUDED.words"
    put_case = (
        f"INSERT INTO case_words SELECT cases.id, {body.format('comments')} FROM cases "
        "JOIN comments ON comments.id = cases.comment_id"
    )
    return (
        "CREATE TABLE case_words (case_id bigint PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE TABLE article_words (article_id bigint PRIMARY KEY, words tsvector NOT NULL)",
        put_case,
        f"INSERT INTO article_words SELECT id, {title.format('articles')} FROM articles",
        "CREATE INDEX ix_case_words ON case_words USING gin (words)",
        "CREATE INDEX ix_article_words ON article_words USING gin (words)",
        _function(
            "case_words_opened",
            f"INSERT INTO case_words SELECT NEW.id, {body.format('comments')} FROM comments "
            f"WHERE comments.id = NEW.comment_id {keep.format('case_id')};",
        ),
        _function("case_words_gone", "DELETE FROM case_words WHERE case_id = OLD.id;"),
        _function("case_words_edited", f"{put_case} WHERE comments.id = NEW.id {keep.format('case_id')};"),
        _function(
            "article_words_written",
            f"INSERT INTO article_words VALUES (NEW.id, {title.format('NEW')}) {keep.format('article_id')};",
        ),
        _function("article_words_gone", "DELETE FROM article_words WHERE article_id = OLD.id;"),
        *(
            f"CREATE TRIGGER {name} AFTER {event} FOR EACH ROW EXECUTE FUNCTION {function}()"
            for name, event, function in (
                ("case_words_opened", "INSERT ON cases", "case_words_opened"),
                ("case_words_gone", "DELETE ON cases", "case_words_gone"),
                ("case_words_edited", "UPDATE OF body ON comments", "case_words_edited"),
                ("article_words_made", "INSERT ON articles", "article_words_written"),
                ("article_words_renamed", "UPDATE OF title ON articles", "article_words_written"),
                ("article_words_gone", "DELETE ON articles", "article_words_gone"),
            )
        ),
    )


def create(connection: Connection) -> None:
    """Make the index of whatever is there, and the triggers that keep it."""
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _postgres():
        connection.exec_driver_sql(statement)


def drop(connection: Connection) -> None:
    """Remove index and triggers."""
    if connection.dialect.name == "sqlite":
        for name in ("opened", "gone", "edited"):
            connection.exec_driver_sql(f"DROP TRIGGER case_words_{name}")
        for name in ("made", "gone", "renamed"):
            connection.exec_driver_sql(f"DROP TRIGGER article_words_{name}")
        connection.exec_driver_sql("DROP VIEW case_texts")
    else:
        for function in (
            "case_words_opened", "case_words_gone", "case_words_edited", "article_words_written", "article_words_gone",
        ):  # fmt: skip
            connection.exec_driver_sql(f"DROP FUNCTION {function}() CASCADE")
    for table in TABLES:
        connection.exec_driver_sql(f"DROP TABLE {table}")


def is_index(name: str | None) -> bool:
    """Say whether a table belongs to the full-text index, and so to no model."""
    return name in TABLES or name in {f"{table}_{shadow}" for table in TABLES for shadow in _SHADOWS}


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"

"""Is everything that leads to a person in their export and in the rules of a deletion?"""

import re

from sqlalchemy import Column

from commentsvc.store.models import Person, Table
from commentsvc.store.personal import PERSON_COLUMNS, RULES, By, Fate

_TELLING = re.compile(r"e?mail|address|phone|birth|(^|_)ip($|_)|user_agent|target$|full_name|nickname")
_NO_PERSON = {
    "sites.asks_verified_email": "a switch",
    "notices.mail_at": "a time",
    "notice_preferences.mail": "a choice",
    "persons.email": "of the account itself",
    "persons.email_verified_at": "a time",
    "retentions.mail_days": "a number",
    "alert_settings.out_minutes": "a number",
}
"""Columns whose name sounds like a person's, but by which nobody is found, or that their table's own rule covers."""


def _leads_to_somebody(column: "Column[object]") -> bool:
    targets = {foreign.column.table.name for foreign in column.foreign_keys}
    return bool(targets & {"persons", "comments"}) or bool(_TELLING.search(column.name))


def test_every_column_that_leads_to_a_person_has_a_rule() -> None:
    wanted = {
        f"{table.name}.{column.name}"
        for table in Table.metadata.sorted_tables
        for column in table.columns
        if _leads_to_somebody(column)
    }
    ruled = {rule.key for rule in RULES}

    assert sorted(wanted - ruled - _NO_PERSON.keys()) == [], "say in store/personal.py what becomes of them"
    assert len(ruled) == len(RULES)


def test_every_column_of_persons_is_accounted_for() -> None:
    assert {column.name for column in Person.__table__.columns} == PERSON_COLUMNS.keys()


def test_rules_name_columns_that_are_there_and_say_why() -> None:
    for rule in RULES:
        columns = {attribute.key for attribute in rule.table.__mapper__.column_attrs}
        assert set(rule.shown.split()) <= columns, rule.key
        assert rule.cleared.keys() <= columns, rule.key
        assert bool(rule.title) == bool(rule.shown), rule.key
        assert bool(rule.cleared) == (rule.fate is Fate.CLEAR), rule.key
        assert rule.why, rule.key
        assert not rule.at_once or (rule.fate is Fate.DELETE and rule.by is By.PERSON), rule.key


def test_no_export_shows_a_secret_or_another_person() -> None:
    for rule in RULES:
        for name in rule.shown.split():
            column = rule.table.__mapper__.columns[name]
            targets = {foreign.column.table.name for foreign in column.foreign_keys}
            assert "persons" not in targets, f"{rule.key} shows {name}"
            assert not re.search(r"hash|secret|nonce|token|skeleton|evidence|fingerprint", name), f"{rule.key}: {name}"


def test_rules_know_how_their_rows_are_found() -> None:
    found = {rule.key: rule.by for rule in RULES}

    assert found["votes.person_id"] is By.PERSON
    assert found["revisions.comment_id"] is By.COMMENT
    assert found["mails.to_address"] is By.ADDRESS
    assert found["persons.id"] is By.PERSON

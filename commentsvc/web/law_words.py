"""How do we say what the law wants said: grounds, restrictions, means, outcomes?"""

from typing import Any

from commentsvc.enums import LegalGround
from commentsvc.queries.statements import Statement
from commentsvc.web.shapes import appeal_json
from commentsvc.web.times import time_text

GROUNDS = {
    LegalGround.HATE: "Incitement to hatred or violence against a group",
    LegalGround.THREAT: "A threat",
    LegalGround.DEFAMATION: "Insult, defamation or false accusation",
    LegalGround.CHILD_ABUSE: "Sexual abuse of children",
    LegalGround.TERRORISM: "Terrorist content",
    LegalGround.PRIVACY: "Private data or images without consent",
    LegalGround.COPYRIGHT: "Copyright, trade mark or other right",
    LegalGround.FRAUD: "Fraud or an illegal offer",
    LegalGround.OTHER: "Something else that the law forbids",
}
TITLES = {
    "removed": "Your comment was removed",
    "held": "Your comment is held back",
    "warn": "You were warned",
    "premoderate": "Your comments are read first",
    "suspend": "You are suspended",
    "ban": "You are banned",
}
EFFECTS = {
    "removed": "Nobody but you sees this comment, wherever it was shown. This isn’t limited in time.",
    "held": "Nobody but you sees this comment until a community manager has decided about it.",
    "warn": "You can’t write until you have confirmed that you have read this.",
    "premoderate": "A community manager reads each of your comments before it appears.",
    "suspend": "You can read everything, but not write, vote or report.",
    "ban": "You can read everything, but not write, vote or report.",
}
DETECTED = {
    "automated": "Automatic checks pointed it out",
    "reports": "Readers reported it",
    "notice": "Somebody gave notice of illegal content",
    "manager": "The team noticed it by itself",
}


def words_of(statement: Statement) -> dict[str, Any]:
    """Say what a statement's page says in words."""
    return {
        "title": TITLES[statement.restriction],
        "effect": EFFECTS[statement.restriction],
        "detected": [DETECTED[means] for means in statement.detected_by],
        "means": "An automatic rule decided, without a person."
        if statement.is_automated
        else "A person on the team decided; nothing was decided by automatic means.",
    }


def statement_json(statement: Statement) -> dict[str, Any]:
    """Write a statement of reasons."""
    clause = statement.clause
    return {
        "about": statement.about,
        "comment": str(statement.comment.id) if statement.comment else None,
        "restriction": statement.restriction,
        "scope": "everywhere",
        "in_force": not statement.is_over,
        "decided_at": time_text(statement.decided_at),
        "until": time_text(statement.until),
        "facts": statement.reason,
        "guideline": {
            "guideline": clause.guideline,
            "version": clause.version,
            "title": clause.title,
            "text": clause.text,
        }
        if clause
        else None,
        "guidelines_version": statement.version,
        "legal_grounds": list(statement.grounds),
        "detected_by": list(statement.detected_by),
        "automated": statement.is_automated,
        "redress": {
            "can_appeal": statement.can_appeal,
            "appeal_until": time_text(statement.appeal_until),
            "out_of_court": statement.out_of_court,
        },
        "appeal": appeal_json(statement.appeal),
    }

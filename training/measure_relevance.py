"""How well does relevance tell a comment's own article from others, and what would a threshold flag?

python -m training.measure_relevance --data DIR --seed 1
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from commentsvc.moderation.embedded import load_model
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.relevance import TfidfRelevance
from commentsvc.moderation.terms import Draft
from training.corpora import rows

Scores = tuple[list[float | None], list[float | None]]

_STAND_IN = 8
"""How many comments stand in for an article's text, which the data don't have."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print AUC and flagged shares for articles known by title and other people's comments, and for parents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    model = load_model()
    relevance = TfidfRelevance(model.relevance_idf, model.version)
    chance = random.Random(options.seed)
    _report("article", _against_articles(options.data / "evaluate" / "ctc.csv", relevance, chance))
    _report("parent", _against_parents(options.data / "train" / "cat_gc.csv", relevance, chance))


def _against_articles(path: Path, relevance: TfidfRelevance, chance: random.Random) -> Scores:
    """Score comments against their article and another; some comments make its text and are not scored."""
    by_title: dict[str, list[str]] = defaultdict(list)
    for row in rows(path):
        by_title[row["title"].removesuffix(" - The Globe and Mail")].append(row["comment"])
    texts, scored = {}, []
    for title, comments in by_title.items():
        chance.shuffle(comments)
        texts[title] = " ".join(comments[:_STAND_IN])
        scored += [(title, comment) for comment in comments[_STAND_IN:]]
    own: list[float | None] = []
    other: list[float | None] = []
    for title, comment in scored:
        elsewhere = chance.choice([name for name in texts if name != title])
        own.append(relevance.score(Draft(comment, article_title=title, article_text=texts[title])))
        other.append(relevance.score(Draft(comment, article_title=elsewhere, article_text=texts[elsewhere])))
    return own, other


def _against_parents(path: Path, relevance: TfidfRelevance, chance: random.Random) -> Scores:
    """Score replies against their parent and another's, given as the article."""
    pairs = [(row["text"], row["parent"]) for row in rows(path) if len(row["parent"].split()) >= 40][:3000]
    own: list[float | None] = []
    other: list[float | None] = []
    for text, parent in pairs:
        own.append(relevance.score(Draft(text, article_text=parent)))
        other.append(relevance.score(Draft(text, article_text=chance.choice(pairs)[1])))
    return own, other


def _report(what: str, scores: Scores) -> None:
    own, other = (np.array([score for score in part if score is not None]) for part in scores)
    auc = roc_auc_score([1] * len(own) + [0] * len(other), np.concatenate([own, other]))
    limit = DEFAULT_POLICY.relevance or 0.0
    print(what, "own", len(own), "other", len(other), "AUC", round(float(auc), 3))
    print("  quantiles own", np.quantile(own, [0.01, 0.02, 0.05, 0.1, 0.5]).round(3))
    print(
        "  flagged by the default threshold: own",
        (own < limit).mean().round(4),
        "other",
        (other < limit).mean().round(4),
    )


if __name__ == "__main__":
    main()

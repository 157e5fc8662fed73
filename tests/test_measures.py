"""Does one scrape show what all workers did?"""

import re
import urllib.request
from pathlib import Path

from tests.conftest import Cast
from tests.server import running_server


def test_scrape_counts_what_two_workers_answered(database_url: str, cast: Cast, tmp_path: Path) -> None:
    with running_server(database_url, tmp_path, workers=2, scorer_url="http://127.0.0.1:9") as server:

        def ask(path: str) -> str:
            # A connection each, so that both workers get some.
            with urllib.request.urlopen(f"{server.api}{path}", timeout=10) as answer:
                return str(answer.read().decode())

        for _ in range(60):
            ask("/api/v1/comments?site=daily&article=story")
        counted = [ask("/metrics") for _ in range(4)]

    asked = [int(float(re.findall(r'_requests_total\{endpoint="widget_api\.\w+",.*"200"\} (\S+)', text)[0]))
             for text in counted]  # fmt: skip
    cached = re.findall(r'_page_cache_total\{result="(\w+)"\} (\S+)', counted[-1])
    assert asked == [60] * 4
    assert sum(float(number) for _, number in cached) == 60
    assert 'commentsvc_request_seconds_bucket{endpoint="widget_api' in counted[-1]
    assert "commentsvc_open_cases 0.0" in counted[-1]

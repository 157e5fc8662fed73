// How many comments came since the reader's page was made?
import { read } from "./api.js";

const EVERY_MS = 30_000;
const SLACK_MS = 10 * 60_000;
const MINUTE_MS = 60_000;

/**
 * Ask now and then, never in a hidden tab, and tell how many came since the first answer.
 *
 * The reader's clock may be wrong, so that counting "since now" would miss or double some. We count since some
 * minutes ago, by full minutes so that readers share cached answers, and compare with what was there at first.
 *
 * @param {import("./types").Context} context
 * @param {(count: number) => void} tell
 */
export function watchNew({ base, site, article, reader }, tell) {
  const started = Math.floor((Date.now() - SLACK_MS) / MINUTE_MS) * MINUTE_MS;
  const since = new Date(started).toISOString();
  const stopped = new AbortController();
  /** @type {number | undefined} */
  let before;
  let timer = 0;

  const ask = async () => {
    clearTimeout(timer);
    if (document.hidden || stopped.signal.aborted) return;
    // What fails is asked again: nobody waits for this answer. A stale one would always be one interval late.
    const query = { site, article: article.key, since };
    const answer = await read(base, "comments/new", query, "no-cache").catch(() => null);
    if (stopped.signal.aborted) return;
    if (answer) {
      before ??= answer.count;
      tell(Math.max(0, answer.count - /** @type {number} */ (before)));
    }
    const waiting = [...reader.mine.values()].some((own) => own.status === "held");
    if (waiting) reader.load().catch(() => {});
    timer = window.setTimeout(ask, EVERY_MS);
  };
  document.addEventListener("visibilitychange", ask, { signal: stopped.signal });
  ask();
  return {
    stop() {
      clearTimeout(timer);
      stopped.abort();
    },
    /** Leave out one that the reader wrote. */
    seen() {
      if (before !== undefined) before += 1;
    },
  };
}

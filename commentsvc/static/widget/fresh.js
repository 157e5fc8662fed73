// How many comments came since the reader's page was made, and how long ago is what it shows?
import { read } from "./api.js";

const EVERY_MS = 30_000;
const LONGEST_MS = 300_000;
const SLACK_MS = 10 * 60_000;
const MINUTE_MS = 60_000;

/**
 * Ask now and then, never in a hidden tab, and tell how many came since the first answer.
 *
 * Where nothing happens we ask less and less often. The reader's clock may be wrong, so that counting "since now"
 * would miss or double some. We count since some minutes ago, by full minutes so that readers share cached answers,
 * and compare with what was there at first.
 *
 * @param {import("./types").Context} context
 * @param {(count: number) => void} tell called when the number has changed
 * @param {() => void} tick called each minute that the tab is seen in, and when it is seen again
 */
export function watchNew({ base, site, article, reader }, tell, tick) {
  const started = Math.floor((Date.now() - SLACK_MS) / MINUTE_MS) * MINUTE_MS;
  const since = new Date(started).toISOString();
  const stopped = new AbortController();
  const { signal } = stopped;
  /** @type {number | undefined} */
  let before;
  let told = 0;
  let wait = EVERY_MS;
  let timer = 0;
  let minute = 0;

  const ask = async () => {
    clearTimeout(timer);
    // What fails is asked again: nobody waits for this answer. A stale one would always be one interval late.
    const query = { site, article: article.key, since };
    const answer = await read(base, "comments/new", query, "no-cache", signal).catch(() => null);
    if (signal.aborted || document.hidden) return;
    if (answer) before ??= answer.count;
    const count = answer ? Math.max(0, answer.count - /** @type {number} */ (before)) : told;
    const isWaiting = [...reader.mine.values()].some((own) => own.status === "held");
    timer = window.setTimeout(ask, wait);
    wait = count !== told || isWaiting ? EVERY_MS : Math.min(wait * 1.5, LONGEST_MS);
    if (count !== told) tell(count);
    told = count;
    if (isWaiting) reader.load().catch(() => {});
  };
  const look = () => {
    clearTimeout(timer);
    clearInterval(minute);
    if (document.hidden) return;
    wait = EVERY_MS;
    // What has just been drawn is true.
    if (minute) tick();
    minute = window.setInterval(tick, MINUTE_MS);
    ask();
  };
  document.addEventListener("visibilitychange", look, { signal });
  look();
  return {
    stop() {
      clearTimeout(timer);
      clearInterval(minute);
      stopped.abort();
    },
    /** Leave out one that the reader wrote. */
    seen() {
      if (before !== undefined) before += 1;
    },
  };
}

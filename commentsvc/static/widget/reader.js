// Who is reading, and which votes and comments are theirs? Anonymous until account.js says otherwise.
import { explain } from "./api.js";
import { button, h, recall } from "./dom.js";
import { withWords } from "./speech.js";

export class Reader {
  /** @type {import("./types").Person | null} */
  person = null;
  /** @type {Record<string, number>} */
  votes = {};
  /** @type {Map<string, import("./types").Mine>} */
  mine = new Map();
  /** @type {import("./types").Sanction[]} what the site restricts them by */
  sanctions = [];
  /** How many notices they haven't seen. */
  unread = 0;
  /** When slow mode lets them write again, in this browser's milliseconds. */
  turn = 0;
  /** @type {Awaited<ReturnType<typeof import("./account.js").accountOf>> | null} */
  known = null;
  /** @type {Promise<void> | null} */
  loading = null;
  /** @type {Promise<void> | null} */
  restoring = null;
  /** Whether it isn't known yet if the sign-in of an earlier visit still holds. */
  isExpected = false;

  /**
   * @param {string} base
   * @param {string} site
   * @param {string} article
   * @param {() => void} changed called whenever any of it changed
   * @param {AbortSignal} signal ends it: the account outlives this part of the page
   */
  constructor(base, site, article, changed, signal) {
    this.base = base;
    this.site = site;
    this.article = article;
    this.changed = changed;
    this.signal = signal;
  }

  /** Load what signing in needs and prepare it: later than a click's moment the browser would block the window. */
  async account() {
    const { accountOf } = await withWords(import("./account.js"), "-writing");
    const account = accountOf(this.base, this.site);
    if (this.known !== account) {
      this.known = account;
      const learn = () => {
        this.loading = this.load();
        this.loading.catch(() => {});
      };
      account.addEventListener("change", learn, { signal: this.signal });
    }
    return account;
  }

  /** Sign in again without a question, if this browser was signed in; an anonymous view asks nothing. */
  restore() {
    this.restoring = this.#restore();
    return this.restoring;
  }

  async #restore() {
    if (!recall(`signed-in:${this.site}`) && !location.hash.startsWith("#comments-code=")) return;
    this.isExpected = true;
    try {
      const account = await this.account();
      await account.restore();
      await this.loading;
    } finally {
      this.isExpected = false;
    }
  }

  /**
   * Make sure that someone is signed in, by the pop-up if need be.
   *
   * @param {boolean} [create] whether to offer the sign-up form first
   */
  async signIn(create = false) {
    // Who presses a button while the last sign-in is being taken up need not sign in again.
    await this.restoring?.catch(() => {});
    if (this.person) return;
    const account = await this.account();
    await account.signIn(create);
    await this.loading;
  }

  /** Learn what is theirs on this article. */
  async load() {
    const account = await this.account();
    if (account.isSignedIn) {
      const query = new URLSearchParams({ site: this.site, article: this.article });
      const me = await account.send("GET", `me?${query}`);
      this.person = me.person;
      this.votes = me.votes;
      this.turn = Date.now() + me.wait * 1000;
      this.mine = new Map(me.mine.map((/** @type {import("./types").Mine} */ one) => [one.id, one]));
      this.sanctions = me.sanctions;
      this.unread = me.notices.unread;
    } else {
      this.person = null;
      this.votes = {};
      this.mine = new Map();
      this.sanctions = [];
    }
    this.changed();
  }

  /**
   * Send something as the signed-in reader.
   *
   * @param {"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} method
   * @param {string} path
   * @param {object} [body]
   * @param {string} [key]
   */
  async send(method, path, body, key) {
    const account = await this.account();
    return account.send(method, path, body, key);
  }
}

/**
 * Show what went wrong, with the way out when the sign-in window was the trouble.
 *
 * @param {import("./types").Context} context
 * @param {unknown} error
 */
export function notice({ say, reader, announce, emit }, error) {
  const text = explain(error, say);
  const { code = "script" } = /** @type {{ code?: string }} */ (error);
  announce(text);
  emit("error", { code, message: text });
  const here = code.startsWith("popup_") && button(say("in_this_tab"), "link", () => reader.known?.continueHere());
  return h("p", { class: "notice" }, text, here && " ", here);
}

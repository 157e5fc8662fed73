// How does a reader sign in from somebody else's page?
//
// Authorization code + PKCE in a window on the service's own origin: the page never sees a password. The access
// token lives in memory; what refreshes it is a partitioned cookie that only the service can read.
import { ApiError, send } from "./api.js";
import { keep, recall } from "./dom.js";

const RENEW_BEFORE_MS = 20_000;
const WATCH_MS = 300;

/** @type {Map<string, Account>} */
const accounts = new Map();

/**
 * Return the account that all elements of one site on this page share.
 *
 * @param {string} base
 * @param {string} site
 */
export function accountOf(base, site) {
  const name = `${base} ${site}`;
  const account = accounts.get(name) ?? new Account(base, site);
  accounts.set(name, account);
  // A failure is met again, and told, at the click.
  account.prepare().catch(() => {});
  return account;
}

class Account extends EventTarget {
  #token = "";
  #expires = 0;
  /** @type {Promise<{ state: string, verifier: string, challenge: string }> | null} */
  #ticket = null;
  /** @type {Promise<void> | null} */
  #renewal = null;
  /** @type {Window | null} */
  #window = null;
  /** @type {Promise<void> | null} */
  #signingIn = null;
  /** @type {Promise<unknown> | null} */
  #probe = null;

  /**
   * @param {string} base
   * @param {string} site
   */
  constructor(base, site) {
    super();
    this.base = base;
    this.site = site;
    // The page's own sign-out. Anonymous readers never load this module, and have nothing to end.
    document.addEventListener("comments:sign-out", () => this.signOut().catch(() => {}));
  }

  get isSignedIn() {
    return this.#token !== "";
  }

  /** Make state, verifier and challenge ahead of the click that needs them. */
  prepare() {
    this.#ticket ??= newTicket();
    return this.#ticket;
  }

  /**
   * Sign in as the page wants it, or by the pop-up; a second call brings the open window to the front.
   *
   * @param {boolean} create
   */
  signIn(create) {
    if (this.#signingIn) this.#window?.focus();
    this.#signingIn ??= (this.#byPage(create) ?? this.#byWindow(create)).finally(() => {
      this.#signingIn = null;
    });
    return this.#signingIn;
  }

  /** Sign in by leaving the page and coming back: for blocked windows and pages that cut the opener. */
  async continueHere() {
    const { state, verifier, challenge } = await this.#useTicket();
    keep(`ticket:${this.site}`, JSON.stringify({ state, verifier }), "sessionStorage");
    const back = location.href.split("#")[0];
    location.assign(this.#address(state, challenge, { mode: "redirect", return_to: back }));
  }

  /**
   * Sign in with a token that the publisher's server signed.
   *
   * @param {string} jwt
   */
  async signInWith(jwt) {
    await this.#tryCookies();
    await this.#grant({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: jwt, cookie: false });
    this.#changed();
  }

  /** Take up a redirect that came back, or the sign-in of an earlier visit. */
  async restore() {
    const back = new URLSearchParams(location.hash.slice(1));
    const code = back.get("comments-code");
    const ticket = JSON.parse(recall(`ticket:${this.site}`, "sessionStorage") ?? "null");
    if (code && ticket && back.get("state") === ticket.state) {
      history.replaceState(history.state, "", location.href.split("#")[0]);
      keep(`ticket:${this.site}`, null, "sessionStorage");
      await this.#exchange(code, ticket.verifier);
    } else if (!this.#token) {
      // A sign-in that has run out is no news to somebody who only reads.
      await this.#renew().catch((error) => {
        if (error.code !== "not_signed_in") throw error;
      });
    }
    this.#changed();
  }

  /** Sign out here and revoke the token family at the service. */
  async signOut() {
    const refresh = this.#kept();
    this.#probe = null;
    this.#forget();
    this.#changed();
    await send(this.base, "POST", "token/revoke", { site: this.site, ...refresh }, { credentials: true });
  }

  /**
   * Send as the signed-in reader, with a token renewed in time; ends the sign-in when the service says so.
   *
   * @param {"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} method
   * @param {string} path
   * @param {object} [body]
   * @param {string} [key]
   */
  async send(method, path, body, key) {
    if (Date.now() > this.#expires - RENEW_BEFORE_MS) await this.#renew();
    try {
      return await send(this.base, method, path, body, { token: this.#token, key });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
    }
    await this.#renew();
    return send(this.base, method, path, body, { token: this.#token, key });
  }

  /**
   * Ask the page whether it signs its readers in itself; it must say so before the click's moment is over.
   *
   * @param {boolean} create
   * @returns {Promise<void> | null}
   */
  #byPage(create) {
    /** @type {unknown} */
    let answer;
    const respondWith = (/** @type {unknown} */ jwt) => {
      answer = jwt;
    };
    const detail = { site: this.site, create, respondWith };
    document.dispatchEvent(new CustomEvent("comments:signin-wanted", { detail }));
    if (!answer) return null;
    return Promise.resolve(answer)
      .catch(() => null)
      .then((jwt) => {
        if (!jwt) throw new ApiError(-1, { code: "signin_cancelled" });
        return this.signInWith(String(jwt));
      });
  }

  /** @param {boolean} create */
  async #byWindow(create) {
    const { state, verifier, challenge } = await this.#useTicket();
    const address = this.#address(state, challenge, create ? { prompt: "create" } : {});
    this.#window = window.open(address, "comments-sign-in", "popup,width=480,height=720");
    if (!this.#window) throw new ApiError(-1, { code: "popup_blocked" });
    this.#tryCookies();
    const code = await answerOf(this.#window, new URL(this.base).origin, state);
    await this.#exchange(code, verifier);
    this.#changed();
  }

  async #useTicket() {
    const ticket = await this.prepare();
    this.#ticket = newTicket();
    return ticket;
  }

  /**
   * @param {string} state
   * @param {string} challenge
   * @param {Record<string, string>} more
   */
  #address(state, challenge, more) {
    const query = { site: this.site, origin: location.origin, state, code_challenge: challenge };
    return `${new URL("auth/authorize", this.base)}?${new URLSearchParams({
      ...query,
      code_challenge_method: "S256",
      ...more,
    })}`;
  }

  /**
   * @param {string} code
   * @param {string} verifier
   */
  async #exchange(code, verifier) {
    await this.#tryCookies();
    await this.#grant({ grant_type: "authorization_code", code, code_verifier: verifier, cookie: false });
  }

  /**
   * Let the service find out whether its cookies come back from this page: asked to refresh where nobody is signed
   * in, it refuses and sets a probe. With `cookie: false` and no probe the exchange answers with a refresh token.
   */
  #tryCookies() {
    const body = { grant_type: "refresh_token", site: this.site };
    this.#probe ??= send(this.base, "POST", "token", body, { credentials: true }).catch(() => {});
    return this.#probe;
  }

  /** Refresh the access token; however many ask at once, the service is asked once. */
  #renew() {
    this.#renewal ??= this.#grant({ grant_type: "refresh_token", ...this.#kept() })
      .catch((error) => {
        if (!(error instanceof ApiError) || error.status < 400 || error.status >= 500) throw error;
        this.#forget();
        this.#changed();
        throw new ApiError(401, { code: "not_signed_in" });
      })
      .finally(() => {
        this.#renewal = null;
      });
    return this.#renewal;
  }

  /** @param {Record<string, string | boolean | undefined>} grant */
  async #grant(grant) {
    const answer = await send(this.base, "POST", "token", { site: this.site, ...grant }, { credentials: true });
    this.#token = answer.access_token;
    this.#expires = Date.now() + answer.expires_in * 1000;
    keep(`signed-in:${this.site}`, "1");
    if (answer.refresh_token) keep(`refresh:${this.site}`, answer.refresh_token, "sessionStorage");
  }

  /** @returns {{ refresh_token?: string }} */
  #kept() {
    const token = recall(`refresh:${this.site}`, "sessionStorage");
    return token ? { refresh_token: token } : {};
  }

  #forget() {
    this.#token = "";
    this.#expires = 0;
    keep(`signed-in:${this.site}`, null);
    keep(`refresh:${this.site}`, null, "sessionStorage");
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * Wait for the code that our own window, and nobody else, posts for this state.
 *
 * @param {Window} opened
 * @param {string} origin
 * @param {string} state
 * @returns {Promise<string>}
 */
function answerOf(opened, origin, state) {
  return new Promise((resolve, reject) => {
    const done = new AbortController();
    let closedFor = 0;
    // A page with Cross-Origin-Opener-Policy cuts the tie: then `closed` is true although the window is open.
    const watch = setInterval(() => {
      closedFor = opened.closed ? closedFor + 1 : 0;
      // The message may still be on its way when the window has gone.
      if (closedFor > 2) finish(() => reject(new ApiError(-1, { code: "popup_closed" })));
    }, WATCH_MS);
    const finish = (/** @type {() => void} */ settle) => {
      clearInterval(watch);
      done.abort();
      settle();
    };
    const hear = (/** @type {MessageEvent} */ event) => {
      if (event.origin !== origin || event.source !== opened || event.data?.state !== state) return;
      finish(() => resolve(String(event.data.code)));
    };
    window.addEventListener("message", hear, { signal: done.signal });
  });
}

async function newTicket() {
  // Browsers leave crypto.subtle out on plain http, localhost excepted.
  if (!globalThis.crypto?.subtle) throw new ApiError(-1, { code: "needs_https" });
  const state = random(16);
  const verifier = random(32);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return { state, verifier, challenge: base64url(new Uint8Array(digest)) };
}

/** @param {number} size */
function random(size) {
  return base64url(crypto.getRandomValues(new Uint8Array(size)));
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}

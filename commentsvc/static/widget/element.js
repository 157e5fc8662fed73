// How does a page place a comment section, and what does the page hear from it?
import { Section } from "./section.js";

/** `<article-comments site="…" article="…">`: see docs/embed.md for what a publisher may rely on. */
export class ArticleComments extends HTMLElement {
  /** Where the service is, with a slash at the end; embed.js knows. */
  static base = "";
  static observedAttributes = ["site", "article", "lang", "url", "page-title"];

  /** @type {Section | null} */
  #section = null;
  /** @type {IntersectionObserver | null} */
  #near = null;
  #planned = false;

  connectedCallback() {
    // Only moved to another place on the page: what is read, and half written, stays.
    if (this.#section) return;
    // Who comes for one comment, or back from signing in, doesn't scroll first.
    if (this.getAttribute("loading") === "eager" || /^#comment(-|s-code)/.test(location.hash)) return this.reload();
    this.#renew();
    this.#near = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.#open(), {
      rootMargin: "100%",
    });
    this.#near.observe(this);
  }

  disconnectedCallback() {
    // Moving an element takes it out and puts it in again, in one turn.
    queueMicrotask(() => !this.isConnected && this.#close());
  }

  /**
   * @param {string} _name
   * @param {string | null} before
   * @param {string | null} after
   */
  attributeChangedCallback(_name, before, after) {
    if (!this.#section || before === after) return;
    if (this.#near) this.#renew();
    else this.reload();
  }

  /** Fetch and draw everything again; several calls in one turn (a page sets two attributes) count once. */
  reload() {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      if (!this.isConnected) return;
      this.#renew();
      this.#open();
    });
  }

  /**
   * Sign the reader in with a token that the publisher's server signed; rejects when it isn't accepted.
   *
   * @param {string} jwt
   */
  async signIn(jwt) {
    // Placed in this very turn, it has no section yet.
    await null;
    await this.#section?.signInWith(jwt);
  }

  #renew() {
    this.#section?.close();
    this.#section = new Section(this, ArticleComments.base);
  }

  #open() {
    this.#near?.disconnect();
    this.#near = null;
    this.#section?.open();
  }

  #close() {
    this.#near?.disconnect();
    this.#near = null;
    this.#section?.close();
    this.#section = null;
  }
}

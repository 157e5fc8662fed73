// How does a page place a comment section, and what does the page hear from it?
import { Section } from "./section.js";

/** `<article-comments site="…" article="…">`: see docs/embed.md for what a publisher may rely on. */
export class ArticleComments extends HTMLElement {
  /** Where the service is, with a slash at the end; embed.js knows. */
  static base = "";
  static observedAttributes = ["site", "article", "lang", "url", "page-title"];

  /** @type {Section | null} */
  #section = null;
  #planned = false;

  connectedCallback() {
    this.reload();
  }

  disconnectedCallback() {
    this.#section?.close();
    this.#section = null;
  }

  /**
   * @param {string} _name
   * @param {string | null} before
   * @param {string | null} after
   */
  attributeChangedCallback(_name, before, after) {
    if (this.#section && before !== after) this.reload();
  }

  /** Fetch and draw everything again; several calls in one turn (a page sets two attributes) count once. */
  reload() {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      if (!this.isConnected) return;
      this.#section?.close();
      this.#section = new Section(this, ArticleComments.base);
      this.#section.open();
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
}

// What does a publisher's page load? This file, as /embed.js; it names what every view needs, which is sent as one file.
import { ArticleComments } from "./element.js";

// The page needn't say where the service is: it is where this file came from.
ArticleComments.base = new URL(".", import.meta.url).href;
if (!customElements.get("article-comments")) customElements.define("article-comments", ArticleComments);
if (document.querySelector("[data-comment-count]")) import("./counts.js");

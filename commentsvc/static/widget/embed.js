// What does a publisher's page load? This file, as /embed.js; it names every module of a first view, so that
// the browser fetches them side by side instead of one after the other.
import "./api.js";
import "./banner.js";
import "./comment.js";
import "./dom.js";
import "./fresh.js";
import "./reader.js";
import "./section.js";
import "./strings.js";
import "./styles.js";
import "./thread.js";
import "./time.js";
import { fillCounts } from "./counts.js";
import { ArticleComments } from "./element.js";

// The page needn't say where the service is: it is where this file came from.
ArticleComments.base = new URL(".", import.meta.url).href;
if (!customElements.get("article-comments")) customElements.define("article-comments", ArticleComments);
fillCounts(ArticleComments.base);

// How does the widget look? Constructable sheets: a strict CSP without style-src allows them.

/** @type {Map<string, CSSStyleSheet>} */
const sheets = new Map();

/**
 * Give a shadow root a sheet that all elements on the page share.
 *
 * @param {ShadowRoot} shadow
 * @param {string} css
 */
export function dress(shadow, css) {
  const sheet = sheets.get(css) ?? new CSSStyleSheet();
  if (!sheets.has(css)) sheet.replaceSync(css);
  sheets.set(css, sheet);
  if (!shadow.adoptedStyleSheets.includes(sheet)) shadow.adoptedStyleSheets.push(sheet);
}

// Colours mix the page's own text colour, so that the widget fits any paper; light-dark() follows the
// color-scheme that the page or the theme attribute sets.
export const reading = `
:host {
  --accent: var(--comments-accent, light-dark(#14568c, #8fc1ec));
  --on-accent: var(--comments-on-accent, light-dark(#fff, #0c1a26));
  --soft: var(--comments-muted, color-mix(in srgb, currentColor 72%, transparent));
  --line: var(--comments-line, color-mix(in srgb, currentColor 16%, transparent));
  --edge: color-mix(in srgb, currentColor 55%, transparent);
  --tint: var(--comments-tint, color-mix(in srgb, currentColor 4.5%, transparent));
  --warm: light-dark(#8a5a00, #e6b968);
  --bad: light-dark(#a52f24, #ff9d90);
  --radius: var(--comments-radius, 5px);
  --ui: var(--comments-ui-font, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif);
  display: block;
  container-type: inline-size;
  color: var(--comments-text, inherit);
  font: var(--comments-font, inherit);
  line-height: 1.55;
  text-align: start;
  overflow-wrap: anywhere;
}
:host([hidden]) { display: none }
:host([theme]) { color: var(--comments-text, light-dark(#1b1b19, #e8e6e1)) }
:host([theme="light"]) { color-scheme: light }
:host([theme="dark"]) { color-scheme: dark }
:host([theme="auto"]) { color-scheme: light dark }
*, ::before, ::after { box-sizing: border-box }
p, h2, ol, ul, blockquote, fieldset { margin: 0; padding: 0; border: 0 }
ol { list-style: none }
button, select, textarea, input { font: inherit; color: inherit }
button, select { font-family: var(--ui); font-size: .875rem; line-height: 1.25; cursor: pointer }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px }
[aria-disabled="true"], :disabled { cursor: default; opacity: .6 }
svg { width: 1em; height: 1em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }

.top { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .5rem 1.5rem; padding-block: 0 .9rem }
h2 { font-size: min(1.5em, 13cqi); line-height: 1.2; font-weight: 700; letter-spacing: -.01em }
.count { font-weight: 400; color: var(--soft); font-variant-numeric: tabular-nums }
.account, .bar, .meta, .actions, .row, .hint, .standing, .notice, .nudge p, .report, .ask, .thanks, .closed, .tombstone, .loading { font-family: var(--ui); font-size: .875rem }
.room { min-width: 2.25rem; min-height: 2.25rem }
.account { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; min-height: 2.3rem }

button { border: 0; padding: .3em 0; min-height: 24px; min-width: 24px; background: none; border-radius: var(--radius) }
.primary, .secondary, .fresh, .more { padding: .6em 1.1em; font-weight: 600 }
.primary { background: var(--accent); color: var(--on-accent); border: 1px solid transparent }
.secondary, .more { border: 1px solid var(--edge) }
.link, .more-replies { color: var(--accent); text-underline-offset: .2em }
:is(.link, .more-replies, .actions button):hover { text-decoration: underline }
:is(.secondary, .more):hover { border-color: currentColor; background: var(--tint) }
.primary:hover { filter: brightness(1.12) }
.more { width: 100%; margin-block-start: 1.75rem }
.more-replies { margin-block-start: .9rem; font-weight: 600 }
.fresh { background: color-mix(in srgb, var(--accent) 11%, transparent); color: var(--accent) }

.banner { border-block: 1px solid var(--line); padding-block: .8rem }
summary { display: flex; align-items: center; justify-content: space-between; min-height: 24px; cursor: pointer; font-weight: 600 }
summary::-webkit-details-marker { display: none }
summary::after { content: ""; width: .5em; height: .5em; margin-inline: 1em .25em; border: solid currentColor; border-width: 0 1.5px 1.5px 0; rotate: 45deg; translate: 0 -.15em }
[open] > summary::after { rotate: 225deg; translate: 0 .15em }
.banner p { margin-block: .35rem .6rem; max-width: 42em; text-wrap: pretty }
.banner ul { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17em), 1fr)); gap: .5rem 2rem; list-style: none; font-family: var(--ui); font-size: .875rem; line-height: 1.5; color: var(--soft) }
.banner strong { display: block; color: var(--comments-text, light-dark(#1b1b19, #e8e6e1)); font-weight: 600 }

.writing { margin-block: 1.25rem }
.prompt { display: block; width: 100%; padding: .85em 1em; font-size: 1rem; text-align: start; color: var(--soft); border: 1px solid var(--edge); cursor: text }
.prompt:hover { border-color: currentColor }
.closed { margin-block: 1.25rem; color: var(--soft) }
.notice { margin-block: .7rem; padding-inline-start: .8em; border-inline-start: 3px solid var(--bad) }

.bar { display: flex; align-items: center; justify-content: space-between; gap: .5rem; min-height: 2.6rem; color: var(--soft) }
select { field-sizing: content; padding: .35em .4em; min-height: 28px; background: none; border: 0; font-weight: 600; color: var(--comments-text, light-dark(#1b1b19, #e8e6e1)) }
option { color: CanvasText; background: Canvas }
.thread > .item { padding-block: 1.4rem; border-block-start: 1px solid var(--line) }
.thread > .item:first-child { border: 0; padding-block-start: .9rem }
/* Of a thread that is read on and on, only what is near is laid out: each page takes as long as the second. */
.thread > .item:nth-child(n + 21) { content-visibility: auto; contain-intrinsic-block-size: auto 14rem; overflow-clip-margin: .75rem }
.empty { padding-block: 2rem; text-align: center; color: var(--soft) }
.replies:not(:empty) { margin-block-start: 1.25rem; padding-inline-start: 1.25rem; border-inline-start: 1px solid var(--line) }
.replies:empty { display: none }
.replies > .item + .item { margin-block-start: 1.35rem }
.replies.flat:not(:empty) { padding-inline-start: 0; border: 0 }
article:focus-visible { outline-offset: 6px }
.meta { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1em; margin-block-end: .3rem; overflow: clip; color: var(--soft) }
/* In the gap before each, and so cut off at the start of a line. */
.meta > :not(.name, .badge) { position: relative }
.meta > :not(.name, .badge)::before { content: "·"; content: "·" / ""; position: absolute; inset-inline-start: -.65em }
.name { font-weight: 650; color: var(--comments-text, light-dark(#1b1b19, #e8e6e1)); unicode-bidi: isolate }
.badge { align-self: center; padding: .1em .55em; font-size: .75rem; font-weight: 600; color: var(--accent); border: 1px solid currentColor; border-radius: 99px }
.mark { font-weight: 600; color: var(--accent) }
.to { display: none }
.deep > article .to { display: inline }
.body { max-width: 42em; white-space: pre-wrap; unicode-bidi: plaintext; overflow: clip; overflow-clip-margin: .3em }
.body a { color: var(--accent); text-underline-offset: .15em }
.tombstone { display: flex; align-items: baseline; gap: 1em; color: var(--soft); font-style: italic }
/* Letters that join, and scripts that know no italics. */
:is([dir="rtl"], :lang(ja)) :is(h2, .tombstone) { letter-spacing: normal; font-style: normal }
.clip { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 10; overflow: hidden }
.at { color: inherit; text-decoration: none }
.at:hover { text-decoration: underline }
.fold { display: inline-flex; align-items: center; gap: .3em; margin-inline-start: auto; padding: 0 .3em; font-style: normal; white-space: nowrap }
.fold::before { content: none !important }
.folded > :not(article), .folded > article > :not(.meta, .tombstone) { display: none }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: .1rem 1.15rem; margin-block-start: .4rem }
.actions button { color: var(--soft) }
.actions button:hover:enabled { color: var(--accent) }
.votes { display: inline-flex; gap: .35rem; margin-inline-start: -.3rem }
.votes button { display: inline-flex; align-items: center; justify-content: center; gap: .3em; padding: .2em .35em; min-width: 28px; min-height: 28px; font-variant-numeric: tabular-nums }
.votes button:hover { text-decoration: none }
.votes [aria-pressed="true"] { color: var(--accent); font-weight: 650; background: color-mix(in srgb, var(--accent) 11%, transparent) }
.votes :disabled { opacity: 1 }
.loading { min-height: 100vh; color: var(--soft) }

@container (max-width: 36rem) {
  .account:is(:empty, .signed-in *) { flex-basis: 100% }
  .replies:not(:empty) { padding-inline-start: .85rem }
  /* Three steps to the right are all that a phone has room for; further down the names say who is meant. */
  .replies .replies .replies .replies:not(:empty) { padding-inline-start: 0; border: 0 }
  .replies .replies .replies .replies > .item > article .to { display: inline }
}
@media (forced-colors: active) {
  .primary, .badge, .votes [aria-pressed="true"], .fresh { border: 1px solid }
  .link, .more-replies { text-decoration: underline }
  .votes [aria-pressed="true"] { forced-color-adjust: none; background: Highlight; color: HighlightText }
}
@media (prefers-reduced-motion: no-preference) {
  button, .prompt { transition: background-color .12s, border-color .12s, color .12s }
}
`;

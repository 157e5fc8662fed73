// How do the forms look? They come with the first form.
export const writing = `
textarea { display: block; width: 100%; padding: .75em .9em; min-height: 6.5em; max-height: 60vh; resize: vertical; field-sizing: content; font-size: 1rem; line-height: 1.5; background: light-dark(#fff8, #0003); border: 1px solid var(--edge); border-radius: var(--radius) }
textarea:focus-visible { outline-offset: -1px; border-radius: var(--radius) }
textarea::placeholder { color: var(--soft); opacity: 1 }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.1rem; margin-block-start: .7rem }
.counter { margin-inline-start: auto; color: var(--soft); font-variant-numeric: tabular-nums }
.over { color: var(--bad); font-weight: 600 }
.hint { margin-block-start: .5rem; color: var(--soft) }
.signed-in .hint { display: none }
:is(.nudge, .ask, .standing) { margin-block: .8rem; padding-block: .15rem; padding-inline-start: 1rem; border-inline-start: 3px solid var(--warm) }
.standing.rejected, .told:is(.suspend, .ban) { border-color: var(--bad) }
.told { margin-block: 1.25rem; font-family: var(--ui); font-size: .875rem }
.told blockquote { overflow-wrap: anywhere }
.formal { margin-block-start: .6rem }
.formal a { color: var(--accent); text-underline-offset: .15em }
:is(.nudge, .standing) p + p { margin-block-start: .2rem }
.nudge blockquote { margin-block: .6rem; max-height: 12em; overflow: auto; white-space: pre-wrap }
form:has(.nudge) > .row { display: none }
.item:has(> .drawer > .editing) > article > :is(.body, .standing, .actions, div) { display: none }
mark { background: light-dark(#ffe391, #6a540f); color: inherit; padding-inline: .1em; border-radius: 2px }
.drawer > form, .drawer > .ask { margin-block: .9rem .3rem }
legend { padding: 0; font-weight: 600 }
.choice { display: flex; align-items: center; gap: .6em; min-height: 30px }
.choice input { width: 1.1em; height: 1.1em; margin: 0; accent-color: var(--accent) }
.detail { display: block; margin-block-start: .6rem }
.detail textarea { margin-block-start: .3rem; min-height: 4.5em }
.rules > p { margin-block: .9rem; font-size: .9375rem; line-height: 1.5; padding-inline-start: .8em; border-inline-start: 3px solid var(--warm); font-family: var(--ui); color: var(--soft) }
.rules > p + p { margin-block-start: -.4rem }
.turn { margin-block-start: .6rem; font-family: var(--ui); font-size: .875rem; font-variant-numeric: tabular-nums }
.address { flex: 1 1 14rem; min-width: 0; padding: .5em .7em; background: light-dark(#fff8, #0003); border: 1px solid var(--edge); border-radius: var(--radius) }
.address:focus-visible { outline-offset: -1px; border-radius: var(--radius) }
.redress { margin-block-start: .5rem }
.redress .row { margin-block-start: .3rem }
.redress .row[hidden] { display: none }
.redress .terms { color: var(--soft) }
.redress a { color: var(--accent); text-underline-offset: .15em }
.waiting > article .body { opacity: .75 }
.standing blockquote { margin-block: .3rem; white-space: pre-wrap }
.thanks { margin-block: .6rem; color: var(--accent) }
@media (forced-colors: active) {
  .waiting > article .body { opacity: 1 }
}
`;

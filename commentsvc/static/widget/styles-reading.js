// How do one comment shown alone and the list of ignored people look? They come when one of them is shown.
export const alone = `
.alone, .ignored { font-family: var(--ui); font-size: .875rem; color: var(--soft) }
.alone { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .2rem 1.5rem; margin-block-start: .75rem; padding: .7rem .9rem; background: var(--tint); border-radius: var(--radius) }
.alone button { font-weight: 600 }
.lit { --lit: color-mix(in srgb, var(--accent) 10%, transparent); background: var(--lit); border-radius: 1px; box-shadow: 0 0 0 .5rem var(--lit) }
.lit:focus-visible { outline-offset: .5rem }
.ignored { margin-block-start: 1.5rem; border-block-start: 1px solid var(--line); padding-block-start: .6rem }
.ignored ul { list-style: none }
.ignored li { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1rem; min-height: 24px }
@media (forced-colors: active) {
  .lit { outline: 2px solid Highlight }
}
`;

// Which words are said about one comment shown alone, people whom the reader ignores, and the keyboard?

export default {
  alone: "You are reading one conversation.",
  alone_below: "You are reading one conversation. Its beginning is further up.",
  all: "View full discussion",
  no_such_comment: "The comment that the link leads to isn't here any more.",
  ignored_people: { one: "You ignore {n} person", other: "You ignore {n} people" },
  unignore: "Stop ignoring",
  unignore_name: "Stop ignoring {name}",
  heeded: "{name} is shown again.",

  keys: "Keyboard shortcuts",
  keys_skip: "Skip the comments",
  keys_end: "End of the comments",
  keys_use: "Use these keys while you are in the comments",
  keys_j: "Next comment",
  keys_k: "Previous comment",
  keys_n: "Next conversation",
  keys_p: "Previous conversation",
  keys_u: "The comment that this one answers",
  keys_c: "Collapse or expand",
  keys_r: "Reply",
  keys_close: "Close",
};

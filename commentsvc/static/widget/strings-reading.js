// Which words are said about one comment shown alone, and about people whom the reader ignores?

export default {
  alone: "You are reading one conversation.",
  alone_below: "You are reading one conversation. Its beginning is further up.",
  all: "View full discussion",
  no_such_comment: "The comment that the link leads to isn't here any more.",
  ignored_people: { one: "You ignore {n} person", other: "You ignore {n} people" },
  unignore: "Stop ignoring",
  unignore_name: "Stop ignoring {name}",
  heeded: "{name} is shown again.",
};

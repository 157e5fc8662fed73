// Which words does the widget say? A catalogue a language; a missing sentence falls back to English.

/** @type {Record<string, Record<string, string | { one: string, other: string }>>} */
export const catalogues = {};

catalogues.en = {
  comments: "Comments",
  welcome: "Welcome to the conversation",
  loading: "Loading comments…",
  empty: "No comments yet. What do you think?",
  empty_closed: "Nobody commented before the conversation closed.",
  closed: "This conversation is closed. You can still read it.",
  load_failed: "The comments couldn't be loaded.",
  try_again: "Try again",
  no_site: "The comment section isn't set up for this page: it needs the attributes site and article.",

  sign_up: "Sign up to post",
  sign_in: "Sign in",
  sign_out: "Sign out",

  sort: "Sort by",
  best: "Best",
  newest: "Newest",
  oldest: "Oldest",
  replies: "Most replies",
  controversial: "Most controversial",
  more: "Show more comments",
  more_replies: "Show more replies",
  more_replies_count: "Show more replies ({n})",
  loaded: { one: "{n} more comment shown.", other: "{n} more comments shown." },
  fresh: { one: "View {n} new comment", other: "View {n} new comments" },

  comment_by: "Comment by {name}, {time}",
  reply_by: "Reply by {name}, {time}",
  in_reply_to: "in reply to {name}",
  manager: "Community manager",
  admin: "Community team",
  namesake: "another of this name",
  edited: "edited",
  pinned: "Pinned",
  featured: "Picked by the editors",
  removed: "This comment was removed.",
  withdrawn: "This comment was withdrawn by its author.",
  up: "Agree",
  down: "Disagree",
  votes: "Votes",
  reply: "Reply",
  report: "Report",
  ignore: "Ignore",
  ignored: "You ignore {name}.",
  peek: "Show this comment",
  fold: "Collapse",
  unfold: "Expand",
  folded: { one: "{n} reply", other: "{n} replies" },
  read_more: "Read more",
  edit: "Edit",
  withdraw: "Withdraw",

  prompt: "Join the conversation…",

  courtesy: "Be courteous",
  on_topic: "Stay on topic",
  spam: "No spam",
  legal: "Keep to the law",
  privacy: "Respect privacy",

  error_offline: "There is no connection to the comments just now. Nothing is lost: please try again in a moment.",
  error_server: "The comment service isn't answering properly just now. Please try again in a moment.",
  error_too_many_requests: { one: "That was quick. Please wait {n} second.", other: "That was quick. Please wait {n} seconds." },
};

/**
 * Make the function that says a sentence in the reader's language.
 *
 * @param {string} lang
 * @returns {import("./types").Say}
 */
export function speak(lang) {
  const own = catalogues[lang.toLowerCase().split("-")[0]] ?? catalogues.en;
  const plural = new Intl.PluralRules(lang);
  const number = new Intl.NumberFormat(lang);
  return (key, values = {}) => {
    const entry = own[key] ?? catalogues.en[key] ?? "";
    const text = typeof entry === "string" ? entry : plural.select(Number(values.n)) === "one" ? entry.one : entry.other;
    return text.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name] ?? "";
      return typeof value === "number" ? number.format(value) : value;
    });
  };
}

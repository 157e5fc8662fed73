// Which words does the widget say about notices? They come with the bell.
import { catalogues } from "./strings.js";

Object.assign(catalogues.en, {
  notices: "Notices",
  notices_unread: { one: "Notices, {n} new", other: "Notices, {n} new" },
  notices_none: "Nothing yet. When somebody answers or mentions you, or decides about a comment of yours, it is told here.",
  notices_more: "Show older",
  notices_loading: "Loading notices…",
  notices_new: "New",
  notices_close: "Close",
  notices_choose: "What I am told of (opens a page)",

  notice_reply: "{name} replied to your comment",
  notice_mention: "{name} mentioned you",
  notice_followed: "{name} wrote in a thread that you follow",
  notice_published: "Your comment is public",
  notice_held: "Your comment is being reviewed",
  notice_rejected: "Your comment was not published",
  notice_removed: "Your comment was removed",
  notice_appeal: "Your appeal was decided",
  notice_sanction: "A message from the community managers",
  notice_report: "Your report was answered",
  notice_guideline: "The guideline: {guideline}",
  notice_open: "Show comment",
  notice_mute: "Mute this thread",
  notice_muted: "Muted. You won't be told of this thread any more.",

  follow: "Follow this conversation",
  unfollow: "Stop following",
  mute: "Mute it",
  unmute: "Unmute it",
  follow_follow: "You follow this conversation: you are told of every new comment.",
  follow_mute: "You have muted this conversation: you aren't told of anything here.",
  follow_usual: "You are told when somebody answers or mentions you.",
});

// Which shapes do the widget's modules share? Never fetched: only the type checker reads this.
import type { Reader } from "./reader.js";

export type Say = (key: string, values?: Record<string, string | number>) => string;
export type Sort = "best" | "newest" | "oldest" | "replies" | "controversial";

export interface Config {
  site: string;
  name: string;
  guidelines: { version: number; text: string; items: { guideline: string; title: string; text: string }[] };
  sorts: Sort[];
  limits: { max_length?: number; edit_window?: number };
  locale: string;
}

export interface Reason {
  guideline: string | null;
  message: string;
}

export interface Page {
  comments: Comment[];
  next: string | null;
}

export interface ArticleHead {
  key: string;
  state: string;
  mode: string | null;
  title: string;
  comment_count: number;
  /** Seconds between two comments of one person; 0 for none. */
  slow_mode: number;
  opens_at: string | null;
  closes_at: string | null;
  notice: "stricter" | "premoderate" | null;
}

export interface ThreadPage extends Page {
  article: ArticleHead;
}

export interface Comment {
  id: string;
  revision: number;
  parent: string | null;
  author?: { id: string; name: string; badge: string | null };
  body: string;
  links: [number, number][];
  status: "published" | "held" | "rejected" | "withdrawn" | "removed";
  created_at: string;
  edited_at: string | null;
  votes: { up: number; down: number };
  reply_count: number;
  depth: number;
  pinned: boolean;
  featured: boolean;
  replies?: Page;
  reasons?: Reason[];
}

/** What somebody can do about a decision; nothing of it is known of what was only just sent. */
export interface Redress {
  statement?: string | null;
  message?: string | null;
  can_appeal?: boolean;
  appeal_until?: string | null;
  appeal?: {
    state: "open" | "decided" | "dropped";
    outcome: "overturned" | "confirmed" | null;
    answer: string;
    created_at: string;
    decided_at: string | null;
  } | null;
}

/** What /me tells of one of the reader's own comments, with its true status. */
export interface Mine extends Comment, Redress {
  guideline: string | null;
  message: string | null;
}

/** What the site restricts the reader by; they are told the reason in the managers' words. */
export interface Sanction extends Redress {
  id: string;
  kind: "warn" | "premoderate" | "suspend" | "ban";
  reason: string;
  until: string | null;
}

/** One thing that the reader is told of. */
export interface Notice {
  id: string;
  kind: string;
  title: string;
  created_at: string;
  read: boolean;
  comment: { id: string; parent: string | null; author: string | null; excerpt: string; status: string } | null;
  article: { key: string; url: string; title: string } | null;
  decision: { id: string; status: string; was_public: boolean; guideline: string | null; message: string; decided_by: string } | null;
  message: string;
}

export interface Person {
  id: string;
  name: string;
}

/** What every part of one element is given. */
export interface Context {
  base: string;
  site: string;
  lang: string;
  article: { key: string; url: string; title: string };
  config: Config;
  say: Say;
  shadow: ShadowRoot;
  /** Aborted when the element leaves the page, or starts anew. */
  signal: AbortSignal;
  reader: Reader;
  /** Whether the article takes comments, and whether it takes anything at all. */
  open: boolean;
  archived: boolean;
  /** Seconds between two of one reader's comments; 0 for none. */
  slow: number;
  /** Ask again what holds on the article. */
  look(): void;
  emit(name: string, detail: object): void;
  announce(text: string): void;
  guideline(key: string | null): string;
  posted(comment: Comment): void;
  /** Some comments more, or less, are public. */
  count(change: number): void;
}

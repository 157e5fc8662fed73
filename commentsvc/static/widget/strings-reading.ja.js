// Made of translations/ja/widget.po by `python -m translations`: change that.
export default {
  alone: "一つのやり取りだけを表示しています。",
  alone_below: "一つのやり取りだけを表示しています。始まりはさらに上にあります。",
  all: "すべてのコメントを表示",
  no_such_comment: "リンク先のコメントはなくなりました。",
  ignored_people: { other: "{n}人を非表示にしています" },
  unignore: "非表示を解除",
  unignore_name: "{name}さんの非表示を解除",
  heeded: "{name}さんのコメントを再び表示します。",
};

// Made of translations/ar/widget.po by `python -m translations`: change that.
export default {
  alone: "أنت تقرأ محادثة واحدة.",
  alone_below: "أنت تقرأ محادثة واحدة. بدايتها في الأعلى.",
  all: "عرض النقاش كاملًا",
  no_such_comment: "لم يعد التعليق الذي يشير إليه الرابط موجودًا هنا.",
  ignored_people: { zero: "لا تتجاهل أحدًا", one: "تتجاهل شخصًا واحدًا", two: "تتجاهل شخصين", few: "تتجاهل {n} أشخاص", many: "تتجاهل {n} شخصًا", other: "تتجاهل {n} شخص" },
  unignore: "إلغاء التجاهل",
  unignore_name: "إلغاء تجاهل {name}",
  heeded: "عادت تعليقات {name} إلى الظهور.",
};

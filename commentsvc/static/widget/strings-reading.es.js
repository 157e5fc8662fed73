// Made of translations/es/widget.po by `python -m translations`: change that.
export default {
  alone: "Está leyendo un solo intercambio.",
  alone_below: "Está leyendo un solo intercambio. Su comienzo está más arriba.",
  all: "Ver toda la conversación",
  no_such_comment: "El comentario al que lleva el enlace ya no está aquí.",
  ignored_people: { one: "Usted ignora a {n} persona", many: "Usted ignora a {n} de personas", other: "Usted ignora a {n} personas" },
  unignore: "Dejar de ignorar",
  unignore_name: "Dejar de ignorar a {name}",
  heeded: "Se vuelven a mostrar los comentarios de {name}.",
};

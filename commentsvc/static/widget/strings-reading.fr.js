// Made of translations/fr/widget.po by `python -m translations`: change that.
export default {
  alone: "Vous lisez un seul échange.",
  alone_below: "Vous lisez un seul échange. Son début se trouve plus haut.",
  all: "Voir toute la discussion",
  no_such_comment: "Le commentaire vers lequel mène le lien n’est plus là.",
  ignored_people: { one: "Vous ignorez {n} personne", many: "Vous ignorez {n} de personnes", other: "Vous ignorez {n} personnes" },
  unignore: "Ne plus ignorer",
  unignore_name: "Ne plus ignorer {name}",
  heeded: "Les commentaires de {name} sont de nouveau affichés.",
};

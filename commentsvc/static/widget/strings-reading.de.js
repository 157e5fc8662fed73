// Made of translations/de/widget.po by `python -m translations`: change that.
export default {
  alone: "Sie lesen einen Ausschnitt der Diskussion.",
  alone_below: "Sie lesen einen Ausschnitt der Diskussion. Sein Anfang steht weiter oben.",
  all: "Gesamte Diskussion anzeigen",
  no_such_comment: "Der verlinkte Kommentar ist nicht mehr da.",
  ignored_people: { one: "Sie ignorieren {n} Person", other: "Sie ignorieren {n} Personen" },
  unignore: "Nicht mehr ignorieren",
  unignore_name: "{name} nicht mehr ignorieren",
  heeded: "{name} wird wieder angezeigt.",
};

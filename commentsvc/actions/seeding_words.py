"""What do synthetic readers and reporters write? Sentences that fit together, drawn by a seeded generator."""

from random import Random

from commentsvc.enums import Guideline

REJECTIONS = {
    Guideline.COURTESY: "Please argue with what people say, not with who they are.",
    Guideline.ON_TOPIC: "This thread is about the article above; this belongs elsewhere.",
    Guideline.SPAM: "We don't publish advertisements.",
    Guideline.LEGAL: "This accuses a person of a crime without anything to show for it.",
    Guideline.PRIVACY: "This names somebody who isn't in public life.",
}

_TROUBLE = {
    Guideline.COURTESY: (
        "Anybody who believes this must be a complete idiot.",
        "You people are too stupid to read your own council's figures.",
        "Shut up, you whining clown, nobody asked you.",
        "What a pathetic bunch of liars you all are.",
    ),
    Guideline.ON_TOPIC: (
        "My sourdough never rises in this weather; does anyone have a better recipe for rye?",
        "Has anybody else had trouble with the new update of their telephone since Tuesday?",
        "The match last night was a disgrace, and the referee should never be allowed on a pitch again.",
    ),
    Guideline.SPAM: (
        "Work from home and earn 4,000 a week, ask me how!!!",
        "CHEAP WATCHES, 80 % OFF, ONLY TODAY, WRITE TO ME NOW!!!",
        "I was broke until I found this one trick that banks hate. Message me for the link!!!",
    ),
    Guideline.LEGAL: (
        "Everybody knows that the harbour master takes bribes, he has robbed this town for years.",
        "Their builder burnt the old shed down for the insurance, he is a common criminal.",
    ),
    Guideline.PRIVACY: (
        "She lives in the yellow house, third door behind the bakery, if anyone wants to tell her in person.",
        "His number is in the club's book under W, call him at night and ask.",
    ),
}

_FIRST = (  # noqa: SIM905 - a list of names reads better in lines than in quotes
    "Aaron Abigail Adele Alma Amir Anika Anton Astrid Beatriz Benno Bridget Carlos Celia Clara Colin Dagny Dario "
    "Delia Edith Elias Emeka Esther Farah Felix Fiona Gareth Greta Hamid Hanna Harriet Henrik Ida Ilse Imran Ingrid "
    "Ivo Jana Jasper Joan Jonas Judith Kamal Karin Kofi Lars Leila Lena Leon Lotte Lucia Malik Marek Margit Matteo "
    "Mina Nadia Nils Noor Olga Oskar Paula Pavel Petra Priya Quentin Rafael Rosa Ruben Sabine Samir Selma Silas "
    "Sofia Stefan Tamar Tessa Theo Tilda Tomas Ursula Valerie Viktor Wanda Yara Yusuf Zofia"
).split()
_LAST = (  # noqa: SIM905
    "Abbott Alder Amsel Barlow Becker Blythe Bruun Calder Castro Clarke Dahl Dekker Dunn Eklund Farrow Fischer Frost "
    "Garland Grant Hale Hartley Hobbs Holt Ibsen Iqbal Jansen Keane Kessler Kimura Lang Larkin Lowe Marlow Mbeki "
    "Mercer Moreau Nash Novak Okafor Oduya Osman Pacheco Pell Quist Rahman Reyes Rowe Sato Sayer Serra Stone Tanaka "
    "Thorn Tully Ueda Vance Vega Wallace Weller Winter Yates Zeller"
).split()
_OPENINGS = (
    "I read this twice and still wonder about the money.",
    "We had the same discussion ten years ago, almost word for word.",
    "Thank you for going to the meeting, so that we didn't have to.",
    "Fair reporting, although one side got rather more room.",
    "My mother lived on that street for forty years.",
    "As somebody who works nearby I see this every morning.",
    "Nobody I know was asked.",
    "The figures in the third paragraph don't add up for me.",
    "I was against this at first and have changed my mind.",
    "Good idea, wrong place.",
    "It depends on who is going to pay for the upkeep.",
    "I cycle past there twice a day.",
    "The headline promises more than the story.",
    "Could the paper publish the full document?",
    "This is the first sensible proposal in a long while.",
    "Other towns have tried it, with mixed results.",
    "I don't agree with the mayor often, but here I do.",
    "Let us wait for the report before we shout.",
    "What happens in winter?",
    "The old plan was cheaper and nobody remembers why it went.",
    "I asked the council in March and never heard back.",
    "People forget how it was before the bypass.",
)
_POINTS = (
    "A bus every ten minutes would do more for the quarter than any of this",
    "The school has waited for a new roof since the storm",
    "Small shops can't carry another year of building works",
    "The harbour brings in less than it did, and that is the real story",
    "Nobody has shown that the traffic would really move elsewhere",
    "Families with prams have to walk on the road as it is",
    "The consultants were paid before anyone saw a draft",
    "Half of the parking spaces are empty on a weekday",
    "The trees along the quay are older than most of the houses",
    "Rents have gone up by a third while wages stood still",
    "Volunteers do what the town used to do itself",
    "The last repair held for exactly two winters",
    "You can't measure a neighbourhood by what it earns",
    "A trial of six months would cost little and tell us a lot",
    "The council's own survey says the opposite",
    "Fishing crews were promised a say and got a leaflet",
    "The numbers come from a year when everything was closed",
    "It worked in the north of the town because people were asked first",
    "Somebody has to live with the noise at four in the morning",
    "There are only two firms that could build it anyway",
)
_LINKS = ("and that is why", "so", "which means that", "and I suspect that", "while", "but then", "and yet")
_CLOSINGS = (
    "we should decide it by a vote.",
    "I would rather see the money go to the library.",
    "the next generation will ask what we were thinking.",
    "it deserves a fair try.",
    "somebody should at least answer the question.",
    "the plan needs a second reading.",
    "I'll be at the hearing on Thursday.",
    "nothing will change before the election.",
    "those who live there ought to have the last word.",
    "I am curious what the others here think.",
    "we can do better than that.",
    "patience is cheaper than concrete.",
    "it is worth the price if it lasts.",
    "the opposition has no better idea either.",
    "a little trust would help everybody.",
    "we'd all be spared another round of lawyers.",
)
_PLACES = (
    "Fish Quay", "Mill Lane", "the old ferry terminal", "Castle Hill", "the north pier", "Tanner Street",
    "the market hall", "Lighthouse Road", "the river meadows", "Station Square", "the rope works", "Chapel Bridge",
)  # fmt: skip
_EVENTS = (
    ("Council postpones vote on {}", "Politics", "Councillors want a second opinion before money is spent."),
    ("Residents ask for quieter nights at {}", "Town", "A petition with 1,200 names was handed in on Monday."),
    ("New life for {}", "Business", "Three local families want to open again what has been shut for a decade."),
    ("Storm damage at {} worse than thought", "Town", "Engineers found cracks that the first inspection missed."),
    ("Summer festival returns to {}", "Culture", "Forty groups will play, and most of it is free."),
    ("Who owns {}?", "Investigation", "A search in the land registry ends in three countries."),
    ("Young players win cup at {}", "Sport", "They had never before come past the second round."),
    ("Cycle path past {} opens in spring", "Traffic", "The last gap in the coastal route is to be closed."),
)
_REPORTERS = ("Ines Farrow", "Tom Castell", "Ruth Amsel", "Daniel Obi", "Greta Lindqvist")


def body(rng: Random) -> str:
    """Write one comment of one to three sentences."""
    pick = rng.random
    text = _OPENINGS[int(pick() * len(_OPENINGS))]
    if pick() < 0.85:
        point = _POINTS[int(pick() * len(_POINTS))]
        link = _LINKS[int(pick() * len(_LINKS))]
        text = f"{text} {point}, {link} {_CLOSINGS[int(pick() * len(_CLOSINGS))]}"
    if pick() < 0.3:
        text = f"{text}\n\n{_POINTS[int(pick() * len(_POINTS))]}."
    return text


def trouble(rng: Random, guideline: Guideline) -> tuple[str, int]:
    """Write a comment that breaks a guideline; return it with the length of the part that does."""
    culprit = rng.choice(_TROUBLE[guideline])
    return f"{culprit} {rng.choice(_POINTS)}.", len(culprit)


def people(rng: Random, wanted: int) -> list[str]:
    """Return distinct names of people, at most as many as there are."""
    pairs = [f"{first} {last}" for first in _FIRST for last in _LAST]
    return rng.sample(pairs, min(wanted, len(pairs)))


def story(rng: Random) -> tuple[str, str, str, str, str]:
    """Write an article: headline, lead, body, section, author."""
    headline, section, lead = rng.choice(_EVENTS)
    place = rng.choice(_PLACES)
    paragraphs = [
        " ".join(f"{point}." for point in rng.sample(_POINTS, 4)) + f" At {place} it is the talk of the day."
        for _ in range(4)
    ]
    return headline.format(place), lead, "\n\n".join(paragraphs), section, rng.choice(_REPORTERS)

"""Which sentences do we add ourselves, where the collected texts have too few?"""

NEUTRAL_FRAMES = (
    "She is a {one} {other} woman and proud of it.",
    "He is a {one} man who lives next door.",
    "My neighbours are {one} and they are lovely people.",
    "I am {one} and I have lived in this town for twenty years.",
    "As a {one} person I found the article interesting.",
    "The {one} community is holding a festival this weekend.",
    "Many {one} and {other} people voted in the election.",
    "The report says that {one} people earn less than {other} people.",
    "Our mayor is {one} and her deputy is {other}.",
    "My best friend is {one}.",
    "There are {one} families on my street.",
    "The number of {one} voters has grown.",
    "I was raised in a {one} family.",
    "The {one} author won a prize for her novel.",
    "A {one} teacher at our school started a reading club.",
    "{one} people deserve the same rights as everybody else.",
    "It is wrong to discriminate against {one} people.",
    "Discrimination against {one} and {other} employees is illegal.",
    "The film is about a {one} couple and their children.",
    "Being {one} is nothing to be ashamed of.",
    "I have {one} colleagues and we get along well.",
    "The court ruled in favour of the {one} student.",
    "Is the new minister {one} or {other}?",
    "{one} history is taught in our schools.",
    "We are {one} and we are happy here.",
    "She is a {one} woman.",
    "He is {one} and she is {other}.",
    "Our {one} neighbours invited us to dinner.",
    "The {one} candidate answered every question about the budget.",
    "Both of my grandparents were {one}.",
    "In this country {one} and {other} people live side by side.",
    "The study asked {one} patients about their doctors.",
    "My daughter is {one} and I love her.",
    "A {one} man and a {other} woman opened the shop in March.",
    "Why are there so few {one} members of parliament?",
    "The article is about {one} women in sport.",
    "The bakery refused to serve a {one} couple.",
    "I grew up with {one} friends and {other} teachers.",
    "{one} voters were split, the poll says.",
    "Two {one} girls from our school won the prize.",
)

_HARM = ("hurt", "kill", "shoot", "stab", "beat", "burn", "strangle", "murder", "hit", "punch")
_HARMED = ("shot", "hanged", "killed", "beaten", "burned alive", "stabbed", "lynched", "executed", "put down")

THREAT_FRAMES = (
    ("I will {} you", _HARM),
    ("I am going to {} you and your family", _HARM),
    ("I will find you and {} you", _HARM),
    ("We know where you live and we will {} you", _HARM),
    ("I'm coming to your house to {} you", _HARM),
    ("Someone should {} him", _HARM),
    ("Somebody needs to {} these people", _HARM),
    ("I hope they {} you all", _HARM),
    ("If I see you I will {} you", _HARM),
    ("Say that again and I'll {} you", _HARM),
    ("You people should be {}", _HARMED),
    ("They all deserve to be {}", _HARMED),
    ("He ought to be {} for this", _HARMED),
    ("You will be {} and nobody will miss you", _HARMED),
    ("Politicians like her should be {}", _HARMED),
    ("Watch your back, {}", ("we are coming", "I know your address", "you won't see it coming", "you are next")),
)
"""A frame and what goes into it."""

_NOUNS = ("jobs", "the economy", "tourism", "small shops", "our schools", "the budget", "investment", "the city")

KIND_FRAMES = (
    ("This policy will kill {}.", _NOUNS),
    ("The new tax will hurt {} and you.", _NOUNS),
    ("I will find you a source about {}.", _NOUNS),
    ("Someone should help {}.", _NOUNS),
    ("We know where you stand on {}.", _NOUNS),
    ("I am going to vote for {}.", _NOUNS),
    ("I'm coming to your town to talk about {}.", _NOUNS),
    ("If I see you at the meeting I will ask about {}.", _NOUNS),
    ("You people should be proud of {}.", _NOUNS),
    ("The police said the man was {} on Friday.", _HARMED),
    ("Two people were {} in the attack, the court heard.", _HARMED),
    ("Nobody should be {} for an opinion.", _HARMED),
    ("The team beat us again, and I hope they invest in {}.", _NOUNS),
)
"""Harmless sentences made of the words that threats are made of."""

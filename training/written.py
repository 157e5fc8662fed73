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
    ("One day I will {} you, count on it", _HARM),
    ("Come near my house again and I will {} you", _HARM),
    ("I swear I'll {} that judge", _HARM),
    ("You had better hide before I {} you", _HARM),
    ("Let's {} them all", _HARM),
    ("My friends and I are going to {} every last one of them", _HARM),
    ("Somebody please {} this idiot already", _HARM),
    ("I want to {} her slowly", _HARM),
    ("Tell me your address so that I can {} you", _HARM),
    ("Next time they march we will {} them", _HARM),
    ("I hope you get {} on your way home", _HARMED),
    ("Traitors like you get {}", _HARMED),
    ("The minister must be {}", _HARMED),
    ("She will get what she deserves: {}", _HARMED),
    ("Your children should be {}", _HARMED),
    (
        "You will regret this, {}",
        ("I promise you", "I know where you sleep", "we are watching you", "your time will come"),
    ),
    (
        "I know {}",
        ("where you live and I am on my way", "your street, sleep well tonight", "which school your kids go to"),
    ),
    ("Watch your back, {}", ("we are coming", "I know your address", "you won't see it coming", "you are next")),
)
"""A frame and what goes into it."""

SLIGHTS = ("scum", "vermin", "parasites", "animals", "a disease", "filth", "subhuman", "a plague", "garbage", "rats")

HATE_FRAMES = (
    "{one} people are {slight}.",
    "I can't stand {one} people, they are all {slight}.",
    "All {one} people are {slight} and always will be.",
    "Get the {one} people out of our country, they are {slight}.",
    "No {one} person deserves rights, they are {slight}.",
    "{one} families ruin every street they move to.",
    "I hate {one} people.",
    "Being {one} is a mental illness.",
    "{one} people should not be allowed to vote.",
    "We don't want {one} kids near our kids.",
    "Send every {one} person back.",
    "{one} women are good for nothing.",
    "You can never trust a {one} man.",
    "{one} people are less intelligent than the rest of us.",
    "The world would be better without {one} people.",
    "Of course it was a {one} criminal, it always is, they are {slight}.",
)
"""Hatred of whole groups in plain words, where the collected texts mostly have slurs."""

COUNTER_FRAMES = (
    "Saying that {one} people are {slight} is disgusting.",
    "Nobody should call {one} people {slight}.",
    "It hurts when they call us {one} people {slight}.",
    "He wrote that {one} people are {slight}, and the paper was right to fire him.",
    "I don't hate {one} people, and neither should you.",
    "Whoever says that {one} people should not vote has understood nothing.",
    "{one} people are not {slight}.",
)
"""The same words, said against it."""

HARMLESS_ANGER = (
    "I hate this weather.",
    "I hate Mondays.",
    "This software is garbage.",
    "The new bus timetable is a plague.",
    "I can't stand the smell of that soup.",
    "Rats have moved into the old warehouse.",
    "That match was painful to watch.",
    "This budget is a joke.",
    "I am sick of these roadworks.",
    "What a stupid decision by the committee.",
    "The film was dreadful from start to finish.",
    "My phone is a piece of junk.",
    "The plan is idiotic and will cost us millions.",
    "I killed it at the interview.",
    "You are killing me with these jokes.",
    "I would kill for a decent coffee.",
    "That old bridge should be put down.",
    "The kids beat the eggs and burned the cake.",
    "We will fight this law in court.",
    "They shot the film in our street.",
    "The bomb squad visited the school on open day.",
    "He bombed at the comedy club.",
)
"""Anger at things, and figures of speech."""

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

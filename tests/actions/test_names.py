"""Who may go by which name?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentsvc.actions.names import MAX_LENGTH, check_name, numbered, skeleton
from commentsvc.errors import Invalid


@pytest.mark.parametrize(
    "name",
    ["Ada", "José Ñúñez", "Renée O'Neill", "Вова", "Сара", "李明月", "ひろし山", "김철수", "קרן לוי",
     "Stafford", "Badminton", "x" * 30],
)  # fmt: skip
def test_name_of_a_person_is_taken(name: str):
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("Al", "At least 3"),
        ("A  b" * 8, "At most 30"),
        ("___", "begins with"),
        ("\u0301bc", "begins with"),
        ("Ada\x00", "Control"),
        ("Ada\ud800", "Control"),
        ("Ada😀", "Letters, digits"),
        ("Ada\u200d\u200dB", "Letters, digits"),
        ("<b>Ada", "Letters, digits"),
        ("Аda", "one alphabet"),
        ("Kumar कुमार", "one alphabet"),
        ("ВОВ", "capitals"),
    ],
)
def test_name_that_misleads_is_refused(name: str, because: str):
    with pytest.raises(Invalid, match=because) as refusal:
        check_name(name)

    assert refusal.value.field == "name"


@pytest.mark.parametrize(
    "name",
    ["admin", "ADMIN", "Ad.min", "adm1n", "Ａdmin", "The Moderator", "ModeratorTom", "Daily Editor", "staff",
     "Jo from support", "newsroom", "mod", "deleted", "System", "Community-Manager"],
)  # fmt: skip
def test_name_of_an_office_is_reserved(name: str):
    with pytest.raises(Invalid, match="reserved"):
        check_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada Holm", "ada.holm"), ("Iona", "lona"), ("B0b", "bob"), ("José", "jose"), ("Arnold", "Amold"),
     ("сара", "capa"), ("Straße", "STRASSE"), ("𝐀da", "Ada"), ("Вова", "ВОВА"), ("Ⅷ ab", "VIII-AB")],
)  # fmt: skip
def test_skeleton_is_equal_when_names_look_alike(one: str, other: str):
    assert skeleton(one) == skeleton(other)


def test_skeleton_differs_when_names_do():
    names = ["Ada", "Adam", "Eda", "Вова", "Bob", "Rob", "Hans", "Vans"]

    assert len({skeleton(name) for name in names}) == len(names)


@given(st.text(max_size=40))
def test_skeleton_is_stable_and_fits_its_column(name: str):
    once = skeleton(name)

    assert len(once) <= 200
    assert skeleton(name.upper().lower()) == skeleton(name.lower())


@given(st.text(max_size=40))
def test_check_name_refuses_or_returns_what_it_takes_again(name: str):
    try:
        taken = check_name(name)
    except Invalid:
        return

    assert check_name(taken) == taken
    assert skeleton(taken)


def test_numbered_name_fits_however_long_the_name():
    assert numbered("Ada", 1) == "Ada"
    assert numbered("Ada", 2) == "Ada 2"
    assert len(numbered("x" * MAX_LENGTH, 99_999)) <= MAX_LENGTH

"""Which passwords are accepted, and which fit?"""

import pytest
from argon2 import extract_parameters

from commentsvc.actions import passwords
from commentsvc.errors import Invalid


@pytest.mark.parametrize(
    "password", ["vier wörter im regen", "x9fK2mQ1", "é" * 4 + "zwölf", "a b" * 333, "commentsvc-demo"]
)
def test_password_is_accepted(password: str):
    passwords.check_new_password(password)


@pytest.mark.parametrize(
    ("password", "because"),
    [
        ("short", "At least 8"),
        ("x" * 1001, "At most 1,000"),
        ("password", "first"),
        ("Password1", "first"),
        ("1qaz2wsx", "first"),
        ("aaaaaaaaaaaa", "first"),
        ("ada@daily.example", "first"),
        ("Ada Holm", "first"),
    ],
)
def test_password_that_anyone_tries_is_refused(password: str, because: str):
    with pytest.raises(Invalid, match=because) as refusal:
        passwords.check_new_password(password, email="ada@daily.example", name="Ada Holm")

    assert refusal.value.field == "password"


def test_hash_is_argon2id_with_19_mebibytes_and_two_passes():
    parameters = extract_parameters(passwords.hash_password("correct horse"))

    assert (parameters.type.name, parameters.memory_cost, parameters.time_cost) == ("ID", 19 * 1024, 2)


def test_hash_of_nobody_costs_what_a_real_one_costs():
    assert extract_parameters(passwords._NOBODYS) == extract_parameters(passwords.hash_password("correct horse"))


def test_fits_only_the_password_that_was_hashed():
    kept = passwords.hash_password("correct horse e\u0301")

    assert passwords.fits(kept, "correct horse \u00e9")
    assert not passwords.fits(kept, "correct horse e")
    assert not passwords.fits(None, "correct horse e\u0301")
    assert not passwords.fits("not a hash", "correct horse e\u0301")
    assert not passwords.fits(kept, "\ud800\x00")

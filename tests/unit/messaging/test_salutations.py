from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.messaging.domain.languages import LANGUAGES, Language, choose_language, language_of
from services.messaging.domain.name_texts import clean_name
from services.messaging.domain.names import person_of
from services.messaging.domain.salutations import salutation
from services.messaging.domain.surnames import COMPOUND_SURNAMES

JUNK = [
    "null",
    "None",
    "N/A",
    "NaN",
    "nan",
    "undefined",
    " ",
    "",
    "\u200b",
    "jane@example.com",
    "12345",
    "{{ name }}",
    None,
    7,
    [],
    "無",
    "-",
]


@pytest.mark.parametrize(
    ("traits", "english", "chinese"),
    [
        ({"firstName": "Jane", "lastName": "Smith", "gender": "female"}, "Dear Ms Smith", "Jane Smith 小姐"),
        ({"firstName": "Jane", "lastName": "Smith"}, "Dear Jane", "Jane Smith 您好"),
        ({"first_name": "Jane"}, "Dear Jane", "Jane 您好"),
        ({"first_name": "jane"}, "Dear Jane", "Jane 您好"),
        ({"lastName": "Smith"}, "Dear customer", "親愛的顧客"),
        ({"lastName": "Smith", "title": "Dr."}, "Dear Dr Smith", "Smith 博士"),
        ({"name": "Smith, Jane"}, "Dear Jane", "Jane Smith 您好"),
        ({"name": "Ann Smith, PhD"}, "Dear Ann", "Ann Smith 您好"),
        ({"name": "Smith, Jane, Ph.D."}, "Dear Jane", "Jane Smith 您好"),
        ({"name": "Mr Sam Smith Jr."}, "Dear Mr Smith", "Sam Smith 先生"),
        ({"name": "dr ann smith, md, mba"}, "Dear Dr Smith", "Ann Smith 博士"),
        ({"name": "Prof. Ada Lovelace"}, "Dear Prof Lovelace", "Ada Lovelace 教授"),
        ({"name": "Vincent van Gogh", "gender": "M"}, "Dear Mr van Gogh", "Vincent van Gogh 先生"),
        ({"name": "Mr Smith"}, "Dear Mr Smith", "Smith 先生"),
        ({"name": "Cher"}, "Dear Cher", "Cher 您好"),
        ({"name": "王小明", "gender": "男"}, "Dear 王小明", "王小明先生"),
        ({"name": "王小明"}, "Dear 王小明", "王小明您好"),
        ({"lastName": "王", "gender": "female"}, "Dear customer", "王小姐"),
        ({"lastName": "王"}, "Dear customer", "親愛的顧客"),
        ({"firstName": "小明", "lastName": "王", "gender": "male"}, "Dear 王小明", "王小明先生"),
        ({"name": "歐陽娜娜", "gender": "f"}, "Dear 歐陽娜娜", "歐陽娜娜小姐"),
        ({"name": "歐陽小姐"}, "Dear customer", "歐陽小姐"),
        ({"name": "王先生"}, "Dear customer", "王先生"),
        ({"name": "王 小明"}, "Dear 王小明", "王小明您好"),
        ({"name": "歐陽 娜娜 小姐"}, "Dear 歐陽娜娜", "歐陽娜娜小姐"),
        ({"name": "佐藤 太郎"}, "Dear 佐藤太郎", "佐藤太郎您好"),
        ({"name": "阿凡達科技 股份有限公司"}, "Dear customer", "阿凡達科技股份有限公司您好"),
        ({"name": "van der Berg"}, "Dear customer", "親愛的顧客"),
        ({"name": "Dr. van der Berg"}, "Dear Dr van der Berg", "van der Berg 博士"),
        ({"name": "Van Nguyen"}, "Dear Van", "Van Nguyen 您好"),
        ({"name": "Prof. Dr. Hans Müller"}, "Dear Prof Müller", "Hans Müller 教授"),
        ({"name": "Mary Ann Smith"}, "Dear Mary", "Mary Ann Smith 您好"),
        ({"name": "jane van der berg"}, "Dear Jane", "Jane van der Berg 您好"),
        ({}, "Dear customer", "親愛的顧客"),
        ({"gender": "female"}, "Dear customer", "親愛的顧客"),
        ({"title": "Dr"}, "Dear customer", "親愛的顧客"),
        ({"firstName": "null", "lastName": "None"}, "Dear customer", "親愛的顧客"),
        ({"firstName": "jane@example.com"}, "Dear customer", "親愛的顧客"),
        ({"firstName": "N/A", "name": "Jane Smith"}, "Dear Jane", "Jane Smith 您好"),
        ({"name": "Mr None"}, "Dear customer", "親愛的顧客"),
        ({"name": "None None", "gender": "m"}, "Dear customer", "親愛的顧客"),
        ({"name": "Jane None", "gender": "f"}, "Dear Jane", "Jane 小姐"),
        ({"name": "null先生"}, "Dear customer", "親愛的顧客"),
        ({"firstName": "Mr"}, "Dear customer", "親愛的顧客"),
        ({"name": "Test User"}, "Dear customer", "親愛的顧客"),
    ],
)
def test_each_state_of_knowledge_has_its_form(traits: dict[str, Any], english: str, chinese: str) -> None:
    assert salutation(person_of(traits), "en") == english
    assert salutation(person_of(traits), "zh-TW") == chinese


def test_surnames_of_a_compound_and_a_joined_name_stay_whole() -> None:
    assert person_of({"name": "司馬光"}).last == "司馬"
    assert person_of({"name": "陳林美玉"}).last == "陳林"
    assert person_of({"name": "台灣積體電路製造"}).last is None


values = st.one_of(
    st.sampled_from(JUNK), st.text(max_size=100), st.sampled_from(["Jane", "王小明", "Smith", "O'Brien", "Nan"])
)
traits_of_any_kind = st.dictionaries(
    st.sampled_from(["firstName", "first_name", "lastName", "name", "title", "gender", "full_name", "honorific"]),
    values,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(traits_of_any_kind, st.sampled_from(LANGUAGES))
def test_a_salutation_never_shows_missing_data(traits: dict[str, Any], language: Language) -> None:
    said = salutation(person_of(traits), language)
    assert said.strip() == said
    assert said.isprintable()
    assert said not in ("Dear", "親愛的", "您好", "先生", "小姐")
    assert not re.search(r"\b(none|null|nan|undefined|n/a)\b", said.replace("Dear Nan", "").replace("Nan ", ""))
    assert not set("@{<") & set(said)


EMPTY = ["", " ", "\u3000", "\u200b\u200d", "🙂", "🎉🎉", "None", "NULL", "null ", "N/A", "-", "...", "1234", "?"]
STATEMENTS = ["{}", "Mr {}", "Dr. {}", "{}先生", " {} ", "\u200b{}"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(["firstName", "first_name", "lastName", "last_name", "name", "full_name"]),
        st.builds(str.format, st.sampled_from(STATEMENTS), st.sampled_from(EMPTY)),
    ),
    st.sampled_from([None, "female", "男", "None"]),
)
def test_who_gives_no_name_is_a_customer(traits: dict[str, Any], gender: str | None) -> None:
    person = person_of({**traits, "gender": gender})
    assert (person.first, person.last, person.whole) == (None, None, None)
    assert salutation(person, "en") == "Dear customer"
    assert salutation(person, "zh-TW") == "親愛的顧客"


GIVEN = st.text(st.sampled_from("明華美玉婷偉芳娜光"), min_size=1, max_size=2)
SINGLE = st.sampled_from(["王", "林", "陳", "李"])


@given(st.sampled_from(sorted(COMPOUND_SURNAMES)) | SINGLE, GIVEN, st.sampled_from(["female", "M", None]))
def test_a_chinese_name_is_said_in_its_own_order(surname: str, given_name: str, gender: str | None) -> None:
    apart = person_of({"lastName": surname, "firstName": given_name, "gender": gender})
    whole = person_of({"name": surname + given_name, "gender": gender})
    title = {"female": "小姐", "M": "先生", None: "您好"}[gender]
    assert salutation(apart, "zh-TW") == salutation(whole, "zh-TW") == f"{surname}{given_name}{title}"
    assert salutation(apart, "en") == salutation(whole, "en") == f"Dear {surname}{given_name}"
    if surname in COMPOUND_SURNAMES:
        assert (whole.last, whole.first) == (surname, given_name)


WORDS = st.sampled_from(["Jane", "Omar", "Zoë", "O'Brien", "Nan", "Anne-Marie", "Björk", "Nullmann"])


@given(WORDS, WORDS, st.sampled_from(["female", "M", None]), st.booleans())
def test_a_western_name_is_said_in_its_own_order(first: str, last: str, gender: str | None, comma: bool) -> None:
    whole = f"{last}, {first}" if comma else f"{first} {last}"
    person = person_of({"name": whole, "gender": gender})
    assert (person.first, person.last) == (first, last)
    english = {"female": f"Dear Ms {last}", "M": f"Dear Mr {last}", None: f"Dear {first}"}[gender]
    title = {"female": "小姐", "M": "先生", None: "您好"}[gender]
    assert (salutation(person, "en"), salutation(person, "zh-TW")) == (english, f"{first} {last} {title}")


@pytest.mark.parametrize("junk", JUNK)
def test_stand_ins_for_no_name_are_not_names(junk: object) -> None:
    assert clean_name(junk) is None


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text())
def test_a_clean_name_stays_clean(text: str) -> None:
    name = clean_name(text)
    assert name is None or clean_name(name) == name


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en-GB", "en"),
        ("EN_us.UTF-8", "en"),
        ("zh", "zh-TW"),
        ("zh-Hant-HK", "zh-TW"),
        ("zh_CN", "zh-TW"),
        ("fr", None),
        ("", None),
        (None, None),
        (3, None),
    ],
)
def test_tags_find_the_language_that_serves_them(tag: object, language: str | None) -> None:
    assert language_of(tag) == language


def test_a_language_without_a_text_falls_back() -> None:
    assert choose_language("zh-TW", {"en"}, default="en") == "en"
    assert choose_language("fr", {"en", "zh-TW"}, default="zh-TW") == "zh-TW"
    assert choose_language("en-AU", {"en", "zh-TW"}, default="zh-TW") == "en"

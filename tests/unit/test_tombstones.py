import json
from dataclasses import replace

import pytest

from pipeline.logic.erased_letters import letter_without
from pipeline.logic.erasure import Person, known_by, without
from pipeline.logic.tombstones import MASK, Tombstones, rows, subject_hash
from pipeline.records import Author, to_dict
from tests.builders import a_post, an_enriched_post

SALT = b"a salt of a test, long enough"
SARA = "x:9488311130"
FORGOTTEN = Tombstones(SALT, frozenset(rows(SARA, ["sara_ahm"], ["سارا احمدی"], SALT)))
NOBODY = Tombstones(b"", frozenset())
PERSON = Person(
    frozenset({SARA}),
    handles=frozenset({"x:@sara_ahm"}),
    names=frozenset({"سارا احمدی"}),
    posts=frozenset({"x:1", "x:2"}),
)


def sara(post_id="1", **more):
    return a_post(post_id, author=Author("9488311130", "sara_ahm", "سارا احمدی"), **more)


def letter(payload, header=()):
    return {"payload": payload, "source": "a", "position": 1, "header": list(header)}


def test_a_tombstone_is_a_salted_hash_that_says_nothing():
    stone = subject_hash(SARA, SALT)
    assert len(stone) == 64
    assert subject_hash(SARA, b"another salt") != stone
    written = " ".join(rows(SARA, ["sara_ahm"], ["سارا احمدی"], SALT))
    assert not any(word in written for word in ("9488311130", "sara", "سارا"))


def test_every_row_of_a_subject_begins_with_its_tombstone_so_that_lifting_finds_them():
    assert all(row.startswith(subject_hash(SARA, SALT)) for row in FORGOTTEN.hashes)
    assert rows("C-1", (), (), SALT) == [subject_hash("C-1", SALT)]


def test_posts_of_the_forgotten_go_and_those_of_others_are_the_same_object():
    other = a_post(account="ali", text="@sara is not sara_ahm")
    assert FORGOTTEN.without_forgotten(sara()) is None
    assert FORGOTTEN.without_forgotten(other) is other
    assert NOBODY.without_forgotten(sara()) == sara()
    assert FORGOTTEN.without_forgotten(replace(sara(), platform="telegram")) is not None


def test_an_answer_to_the_forgotten_is_kept_without_saying_to_whom():
    answer = a_post(
        account="parsi",
        text="@sara_ahm سارا احمدي عزیز، پیگیری می‌کنیم https://x.com/Sara_Ahm/status/1",
        in_reply_to_account_id="9488311130",
        in_reply_to_post_id="1",
        mentions=("sara_ahm", "ali"),
    )
    kept = FORGOTTEN.without_forgotten(answer)
    assert kept.text == f"@{MASK} {MASK} عزیز، پیگیری می‌کنیم https://x.com/{MASK}/status/1"
    assert (kept.in_reply_to_account_id, kept.in_reply_to_post_id, kept.mentions) == (None, None, ("ali",))


@pytest.mark.parametrize(
    ("payload", "header", "named"),
    [
        (b'{"user": {"id": 9488311130}, "text": 5}', False, True),
        (b'{"user": "Sara_Ahm"}', False, True),
        (b'{broken "id": 9488311130', False, True),
        (b'{broken "text": "thanks @sara_ahm!', False, True),
        (b"9488311130,hello,2026", True, True),
        (b'{"user": {"id": 94883111301}}', False, False),
        (b"\xff\xfe nothing here", False, False),
    ],
)
def test_a_letter_that_nobody_can_read_is_searched_for_ids_and_handles(payload, header, named):
    assert FORGOTTEN.names_someone(payload, header) is named
    assert not NOBODY.names_someone(payload, header)


def test_masked_bytes_are_json_as_before():
    payload = {"in_reply_to": 9488311130, "text": "@sara_ahm چشم", "id": "5"}
    masked = json.loads(FORGOTTEN.masked(json.dumps(payload, ensure_ascii=False).encode()))
    assert masked == {"in_reply_to": 0, "text": f"@{MASK} چشم", "id": "5"}


def test_records_of_the_person_go():
    event = to_dict(an_enriched_post(sara()))
    for theirs in (event, {"customer": SARA}, {"account": SARA}, {"post": "x:2", "text": "…"}, {"data": event}):
        assert without(theirs, PERSON) is None


def test_records_of_others_stay_equal_unless_they_name_the_person():
    event = to_dict(an_enriched_post(a_post("7", account="ali", text="sara, x:94883111305")))
    assert without(event, PERSON) == event
    brief = {"contributions": [{"post": "x:9", "mentions": ["x:@sara_ahm", "x:ali", SARA]}]}
    assert without(brief, PERSON) == {"contributions": [{"post": "x:9", "mentions": ["x:ali"]}]}
    graph = {"speaks_to": {SARA: 3, "x:ali": 1}, "why": "x:9488311130 and سارا  احمدي"}
    assert without(graph, PERSON) == {"speaks_to": {"x:ali": 1}, "why": f"{MASK} and {MASK}"}


def test_a_wave_goes_on_with_the_sample_of_another_person():
    samples = [{"post": f"x:{n}", "excerpt": f"text {n}", "permalink": None} for n in (1, 8)]
    wave = {"rule": "complaint-wave", "platform": "x", "post_id": "1", "excerpt": "text 1", "permalink": None}
    kept = without({**wave, "samples": samples}, PERSON)
    assert (kept["post_id"], kept["excerpt"], [each["post"] for each in kept["samples"]]) == ("8", "text 8", ["x:8"])
    assert without({**wave, "samples": samples[:1]}, PERSON)["excerpt"] == ""


def test_a_name_that_others_bear_too_is_looked_for_in_no_text():
    events = [to_dict(an_enriched_post(each)) for each in (sara(), a_post("9", author=Author("5", "x", "سارا احمدی")))]
    found = known_by(events, frozenset({SARA}))
    assert (found.handles, found.posts) == (PERSON.handles, frozenset({"x:1"}))
    assert without({"text": "سارا احمدی گفت"}, found) == {"text": "سارا احمدی گفت"}
    assert without({"text": "سارا احمدی گفت"}, PERSON) == {"text": f"{MASK} گفت"}


def test_of_dead_letters_the_persons_go_and_others_are_masked():
    def post(account, text):
        row = {"post_id": "1", "platform": "x", "account_id": account, "text": text, "created_at": "2026-10-03T08:00Z"}
        return json.dumps(row).encode()

    assert letter_without(letter(post("9488311130", "hello")), PERSON, NOBODY) is None
    assert letter_without(letter(b'{"name": "9488311130"'), PERSON, NOBODY) is None
    others = letter(post("ali", "hello"))
    assert letter_without(others, PERSON, FORGOTTEN) == others
    kept = letter_without(letter(post("ali", "hello @sara_ahm")), PERSON, FORGOTTEN)
    assert json.loads(kept["payload"])["text"] == f"hello @{MASK}"

"""Playing messages by a schedule: the waiting, and the account of what arrived."""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from google.api_core.exceptions import NotFound

from pipeline.io.pubsub_names import PubSubName
from pipeline.logic.parsing import ParseSettings
from runners.messages import Message
from runners.player import conduct
from runners.playlist import Play, timed


class Time:
    """A clock that only sleeping, and work that takes its time, move on."""

    def __init__(self):
        self.now = 1000.0

    def clock(self):
        return self.now

    def sleep(self, seconds):
        assert seconds > 0
        self.now += seconds


def messages(*dues):
    return [(due, Message(str(number).encode(), {}, None)) for number, due in enumerate(dues)]


def arrived(error=None):
    future = Future()
    future.set_exception(error) if error else future.set_result("m1")
    return future


def play(dues, time, takes=0.0):
    left = []

    def send(_):
        left.append(time.now - 1000)
        time.now += takes
        return arrived()

    return conduct(messages(*dues), send, clock=time.clock, sleep=time.sleep), left


def test_each_message_leaves_when_it_is_due():
    outcome, left = play([0, 0.5, 0.5, 2], Time())
    assert left == [0, 0.5, 0.5, 2]
    assert (outcome.published, outcome.seconds, outcome.behind, outcome.unreadable) == (4, 2, 0, 4)


def test_lost_time_is_made_up_and_does_not_add_up():
    outcome, left = play([0, 1, 2, 3, 4], Time(), takes=0.9)
    assert left == pytest.approx([0, 1, 2, 3, 4])
    slow, left = play([0, 0.1, 0.2, 10], Time(), takes=0.3)
    assert left == pytest.approx([0, 0.3, 0.6, 10])
    assert (outcome.behind, slow.behind) == (0, pytest.approx(0.4))


def test_the_clock_starts_with_the_first_message():
    time = Time()

    def slowly():
        time.now += 60
        yield from messages(0, 1)

    assert conduct(slowly(), lambda _: arrived(), clock=time.clock, sleep=time.sleep).seconds == 1


def test_failures_are_counted_by_what_was_said():
    outcomes = iter([arrived(), arrived(NotFound("no topic")), arrived(NotFound("no topic")), arrived(ValueError())])
    outcome = conduct(messages(0, 0, 0, 0), lambda _: next(outcomes))
    assert outcome.published == 1
    assert outcome.failures == {"NotFound: no topic": 2, "ValueError": 1}


def test_what_is_still_under_way_is_waited_for():
    class Slow:
        def __init__(self):
            self.waited = 0

        def done(self):
            return False

        def exception(self, timeout=None):
            self.waited += 1

    sent = [Slow(), Slow()]
    waiting = iter(sent)
    assert conduct(messages(0, 0), lambda _: next(waiting)).published == 2
    assert [each.waited for each in sent] == [1, 1]


def test_ctrl_c_ends_the_play_but_not_the_account():
    def interrupted():
        yield from messages(0, 0)
        raise KeyboardInterrupt

    outcome = conduct(interrupted(), lambda _: arrived())
    assert (outcome.published, outcome.stopped) == (2, True)


def a_play(tmp_path, content, **more):
    (tmp_path / "posts.jsonl").write_bytes(content)
    found = Play(str(tmp_path), PubSubName("demo-project", "posts"), ParseSettings(), **more)
    return [(due, message.data) for due, message in timed(found, [str(tmp_path / "posts.jsonl")])]


def test_what_is_played_when(tmp_path):
    assert a_play(tmp_path, b"a\nb\n") == [(0, b"a"), (0, b"b")]
    assert a_play(tmp_path, b"a\nb\n", rate=2, loop=True, limit=3) == [(0, b"a"), (0.5, b"b"), (1, b"a")]
    post = b'{"post_id": "%d", "platform": "x", "text": "t", "account_id": "a", "created_at": "2026-10-03T08:0%d:00Z"}'
    late, soon = post % (1, 2), post % (2, 0)
    rounds = [(0, soon), (2, late), (2, b"?")]
    assert a_play(tmp_path, late + b"\n?\n" + soon, speed=60) == rounds
    assert a_play(tmp_path, late + b"\n?\n" + soon, speed=60, loop=True, limit=5) == [*rounds, (3, soon), (5, late)]


@pytest.mark.parametrize("pace", [{}, {"rate": 5}, {"speed": 5}])
def test_a_file_without_records_is_not_played_for_ever(tmp_path, pace):
    assert a_play(tmp_path, b"\n\n", loop=True, **pace) == []

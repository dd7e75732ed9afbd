"""A finding is new, open, closed or reopened against the last good night, whatever nights there were."""

from __future__ import annotations

import pytest

from schemas.waiver import WaiverStatus
from tests.pipeline.chronicle import Chronicle
from tests.pipeline.ledger import Ledger
from tests.pipeline.replay import Night
from tests.pipeline.stories import day, tell

STORIES = {
    "the first run ever finds only what is new": """
        night | rules   | found    | P1             | P2           | Q1
        1     | P Q     | P1 Q1    | new 1          |              | new 1
    """,
    "a finding is new, then open, then closed, then said no more": """
        night | rules   | found    | P1             | P2           | Q1
        1     | P Q     | P1 P2    | new 1          | new 1        |
        2     | P Q     | P1       | open 1         | closed 1     |
        3     | P Q     | P1       | open 1         |              |
    """,
    "one that comes back is reopened, keeps the night on which it was first seen, and says how often": """
        night | rules   | found    | P1             | P2           | Q1
        1     | P Q     | P1       | new 1          |              |
        2     | P Q     |          | closed 1       |              |
        3     | P Q     |          |                |              |
        4     | P Q     | P1 P2    | reopened 1@4#1 | new 4        |
        5     | P Q     | P1 P2    | open 1@4#1     | open 4       |
        6     | P Q     | P2       | closed 1@4#1   | open 4       |
        7     | P Q     | P1       | reopened 1@7#2 | closed 4     |
    """,
    "a rule that is not judged closes nothing, and its findings stay open, unconfirmed": """
        night | rules   | found    | P1             | P2           | Q1
        1     | P Q     | P1 Q1    | new 1          |              | new 1
        2     | P (Q)   | P1       | open 1         |              | open 1?
        3     | P (Q)   |          | closed 1       |              | open 1?
        4     | P Q     |          |                |              | closed 1
    """,
    "what was closed before its rule went unjudged stays closed": """
        night | rules   | found    | P1             | P2           | Q1
        1     | P Q     | Q1       |                |              | new 1
        2     | P Q     |          |                |              | closed 1
        3     | P (Q)   |          |                |              |
        4     | P Q     | Q1       |                |              | reopened 1@4#1
    """,
    "a skipped night is no night, and neither is one that was not audited": """
        night | rules   | found    | P1             | P2           | Q1
        1     | P Q     | P1 P2    | new 1          | new 1        |
        2     | not audited
        5     | P Q     | P1       | open 1         | closed 1     |
        6     | not audited
        9     | P Q     | P2       | closed 1       | reopened 1@9#1 |
    """,
    "a rerun of a date stands for that date": """
        night | rules   | found    | P1             | P2           | Q1
        1     | P Q     | P1       | new 1          |              |
        2     | P Q     | P2 Q1    | closed 1       | new 2        | new 2
        2     | P Q     | P1       | open 1         |              |
        3     | P Q     | P1 Q1    | open 1         |              | new 3
    """,
    "a rerun of the first date leaves nothing of the first run": """
        night | rules   | found    | P1             | P2           | Q1
        1     | P Q     | P1 P2    | new 1          | new 1        |
        1     | P.2 R   | P2       |                | new 1        |
        2     | P.2 R   | P1 P2    | new 2          | open 1       |
    """,
    "a rerun with an input that was missing at first": """
        night | rules   | found    | P1             | P2           | Q1
        1     | P Q     | Q1       |                |              | new 1
        2     | P (Q)   |          |                |              | open 1?
        2     | P Q     |          |                |              | closed 1
        3     | P Q     | Q1       |                |              | reopened 1@3#1
    """,
    "a row that could not be read, and a subject that could not be judged, close nothing": """
        night | rules   | found    | gap   | P1        | P2           | Q1
        1     | P Q     | P1 P2 Q1 |       | new 1     | new 1        | new 1
        2     | P Q     |          | P1 P2? | open 1?  | open 1?      | closed 1
        3     | P Q     | P1       | P2    | open 1    | open 1?      |
        4     | P Q     |          |       | closed 1  | closed 1     |
    """,
    "a new rule finds no news, and later what it finds is": """
        night | rules   | found    | P1             | Q1           | Q2
        1     | P       | P1       | new 1          |              |
        2     | P Q     | P1 Q1    | open 1         | new rule 2   |
        3     | P Q     | P1 Q1 Q2 | open 1         | open 2       | new 3
    """,
    "a new rule that could not be judged is still news once it is": """
        night | rules   | found    | P1             | Q1           | Q2
        1     | P       | P1       | new 1          |              |
        2     | P (Q)   | P1       | open 1         |              |
        3     | P Q     | P1 Q1    | open 1         | new 3        |
    """,
    "a higher version finds and closes by itself, once; what it brings back was there before": """
        night | rules   | found    | P1             | P2           | P3
        1     | P       | P1 P2    | new 1          | new 1        |
        2     | P       | P1       | open 1         | closed 1     |
        3     | P.2     | P2 P3    | closed 1 changed | new rule 1@3#1 | new rule 3
        4     | P.2     | P1 P2    | reopened 1@4#1 | open 1@3#1   | closed 3
    """,
    "a version counts from the night on which it is first judged, and a lower one is no news": """
        night | rules   | found    | P1             | P2           | P3
        1     | P       | P1       | new 1          |              |
        2     | (P.3)   |          | open 1?        |              |
        3     | P.2     | P1 P2    | open 1         | new rule 3   |
        4     | P       | P1       | open 1         | closed 3     |
        5     | P.2     | P2 P3    | closed 1       | reopened 3@5#1 | new 5
        6     | P.3     | P3       |                | closed 3@5#1 changed | open 5
    """,
    "a retired rule closes what it had found; one that comes back in the same version is no news": """
        night | rules   | found    | P1             | Q1           | Q2
        1     | P Q     | P1 Q1 Q2 | new 1          | new 1        | new 1
        2     | P Q     | P1 Q1    | open 1         | open 1       | closed 1
        3     | P       | P1       | open 1         | closed 1 retired |
        4     | P Q     | P1 Q1    | open 1         | reopened 1@4#1 |
    """,
    "a backfill sees the nights before it, and no later night sees it": """
        night | rules   | found    | P1             | P2           | Q1
        1     | P Q     | P1       | new 1          |              |
        4     | P Q     | P1 P2    | open 1         | new 4        |
        3     | P Q     | P2 Q1    | closed 1       | new 3        | new 3
        5     | P Q     | P1 P2 Q1 | open 1         | open 4       | new 5
        2     | P Q     | P2       | closed 1       | new 2        |
        3     | P Q     | P1 P2    | open 1         | new 3        |
        6     | P Q     | P1       | open 1         | closed 4     | closed 5
    """,
    "a backfill before the first night ever is a first night": """
        night | rules   | found    | P1             | P2           | Q1
        5     | P Q     | P1       | new 5          |              |
        3     | P R     | P1 P2    | new 3          | new 3        |
        6     | P Q     | P1 P2 Q1 | open 5         | new 6        | new 6
        4     | P Q     | P1       | new 4          |              |
    """,
    "a rerun of an older date is shown for that date, and changes no other": """
        night | rules   | found    | P1             | P2           | Q1
        1     | P Q     | P1       | new 1          |              |
        2     | P Q     | P1 P2    | open 1         | new 2        |
        3     | P Q     | P1 P2    | open 1         | open 2       |
        2     | P.2 Q   |          | closed 1 changed |            |
        4     | P Q     | P1 P2    | open 1         | open 2       |
        1     | P Q     | Q1       |                |              | new 1
        5     | P Q     | Q1       | closed 1       | closed 2     | new 5
    """,
}
WAIVERS = """
    w | finding P1 | 2 | 3
    c | customer 1 rule Q | 1 | 9
    s | subscription P2 | 3 | 4
    t | customer 2 | 3 | 9
"""
WAIVED = {
    "a waiver holds from its first to its last day, and the finding's own life goes on beneath": """
        night | rules   | found    | waivers | P1             | Q1
        1     | P Q     | P1       | w       | new 1          |
        2     | P Q     |          | w       | closed 1       |
        3     | P Q     | P1       | w       | waived 1@3#1 by w |
        4     | P Q     | P1       | w       | open 1@3#1     |
    """,
    "what a rule or a gap leaves open is waived too, unconfirmed": """
        night | rules   | found    | gap | waivers | P1             | Q1
        1     | P Q     | P1 Q1    |     | c       | new 1          | waived 1 by c
        2     | P (Q)   |          | P1  | c w     | waived 1? by w | waived 1? by c
        3     | P Q     | Q1       |     |         | closed 1       | open 1
    """,
    "of several waivers the one that lasts longest counts, then the narrowest": """
        night | rules   | found    | waivers | P2             | Q2
        3     | P Q     | P2 Q2    | s       | waived 3 by s  | new 3
        4     | P Q     | P2 Q2    | s t     | waived 3 by t  | waived 3 by t
    """,
    "a waiver that was taken out of the file no longer hides, also on a rerun and for a backfill": """
        night | rules   | found    | waivers | P1             | Q1
        1     | P Q     | P1       |         | new 1          |
        3     | P Q     | P1 Q1    | w c     | waived 1 by w  | waived 3 by c
        3     | P Q     | P1 Q1    | c       | open 1         | waived 3 by c
        2     | P Q     | P1       | w       | waived 1 by w  |
        4     | P Q     | P1 Q1    |         | open 1         | open 3
    """,
}
LONG_WAIVERS = """
    a | finding Q1 | 2 | 5
    b | customer 1 rule R | 7 | 8
    c | subscription P1 | 13 | 20
"""
LONG = """
night|rules        |found      |gap|waivers|P1                |P2             |P3        |Q1            |R1
1 |P Q          |P1 Q1      |   | |new 1             |               |          |new 1         |
2 |P Q          |P1 P2 Q1   |   |a|open 1            |new 2          |          |waived 1 by a |
3 |not audited
4 |P (Q)        |P1         |P2 |a|open 1            |open 2?        |          |waived 1? by a|
6 |P.2 Q        |P2 P3      |   |a|closed 1 changed  |open 2         |new rule 6|closed 1      |
5 |P Q          |P1 Q1      |   |a|open 1            |closed 2       |          |waived 1 by a |
7 |P.2 Q R      |P1 P2 R1   |   | |reopened 1@7#1    |open 2         |closed 6  |              |new rule 7
7 |P.2 Q R      |P2 P3 Q1 R1|   |b|                  |open 2         |open 6    |reopened 1@7#1|waived 7 by b
8 |P.2 Q R      |P2 Q1 R1   |P3?|b|                  |open 2         |open 6?   |open 1@7#1    |waived 7 by b
9 |not audited
10|P.2 Q.2 R    |Q1 R1      |   |b|                  |closed 2       |closed 6  |open 1@7#1    |open 7
11|P.2 Q.2      |P1 Q1      |   | |reopened 1@11#1   |               |          |open 1@7#1    |closed 7 retired
4 |P Q          |Q1         |   | |closed 1          |closed 2       |          |open 1        |
4 |P Q          |P1 Q1      |   |a|open 1            |closed 2       |          |waived 1 by a |
12|P.3 Q.2 R.2  |P1 P2 R1   |   |c|open 1@11#1       |new rule 2@12#1|          |closed 1@7#1  |new rule 7@12#1
9 |P.2 Q R      |P2 P3 R1   |   |b|                  |open 2         |open 6    |closed 1@7#1  |open 7
13|P.3 Q.2 (R.3)|P1         |   |c|waived 1@11#1 by c|closed 2@12#1  |          |              |open 7@12#1?
14|P.3 Q.2 R.3  |           |   |c|closed 1@11#1     |               |          |              |closed 7@12#1 changed
15|P.3 Q.2 R.3  |P1 P2      |   |c|waived 1@15#2 by c|reopened 2@15#2|          |              |
"""
EVERY_STORY = {
    **{name: (story, "") for name, story in STORIES.items()},
    **{name: (story, WAIVERS) for name, story in WAIVED.items()},
    "a long story: gaps, backfills, reruns, nights not audited, versions, a retired rule, waivers": (
        LONG,
        LONG_WAIVERS,
    ),
}


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


@pytest.mark.parametrize(("story", "waivers"), EVERY_STORY.values(), ids=EVERY_STORY.keys())
def test_findings_live_as_the_story_says(ledger: Ledger, story: str, waivers: str) -> None:
    """By hand and by the replay; and every other night stays what it was when it was last audited."""
    chronicle = Chronicle(ledger)
    for line in tell(story, waivers):
        if line.night:
            assert chronicle.live(line.night).shown == line.shown
        chronicle.check()


def test_nights_are_told_apart_by_how_they_were_audited(ledger: Ledger) -> None:
    ledger.forget()
    assert ledger.nights() == []
    for number in (2, 5, 6, 4, 5):
        ledger.live(Night(day(number), {"P1": None}))
    told = [(night.as_of, night.schema, night.is_newest) for night in ledger.nights()]
    assert told == [
        (day(6), "audit", True),
        (day(5), "backfill", False),
        (day(4), "backfill", False),
        (day(2), "audit", False),
    ]


def test_what_a_waiver_came_to_is_told_each_night(ledger: Ledger) -> None:
    ledger.forget()
    (line,) = tell("night | rules | found | waivers\n 3 | P Q | P1 Q1 P2 | w c s t", WAIVERS)
    assert line.night
    found = dict.fromkeys(("P1", "P2"))
    told = {}
    for number in (1, 3, 5):
        outcome = ledger.live(Night(day(number), found, waivers=line.night.waivers))
        told[number] = [(reason.removeprefix("accepted: "), status, count) for reason, status, count in outcome.waivers]
        assert ledger.kept_waivers(day(number)) == outcome.waivers
    not_yet, in_force, no_match, expired = (
        WaiverStatus.NOT_YET, WaiverStatus.IN_FORCE, WaiverStatus.NO_MATCH, WaiverStatus.EXPIRED,
    )  # fmt: skip
    assert told == {
        1: [("w", not_yet, 1), ("c", no_match, 0), ("s", not_yet, 1), ("t", not_yet, 1)],
        3: [("w", in_force, 1), ("c", no_match, 0), ("s", in_force, 1), ("t", in_force, 1)],
        5: [("w", expired, 1), ("c", no_match, 0), ("s", expired, 1), ("t", in_force, 1)],
    }


def test_what_a_finding_says_is_kept_night_by_night(ledger: Ledger) -> None:
    ledger.forget()
    for number, due in ((1, 20), (2, 20), (3, 25), (5, 20), (4, 28), (6, 20)):
        ledger.live(Night(day(number), {"P1": day(due)}))
    assert {as_of: rows["P1"]["due_on"] for as_of, rows in ledger.told().items()} == {
        day(number): day(due) for number, due in ((1, 20), (2, 20), (3, 25), (4, 28), (5, 20), (6, 20))
    }

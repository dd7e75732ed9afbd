"""The segments, the qualifications and their many spellings (DOMAIN, sections 1 and 2)."""

from __future__ import annotations

from schemas.column import one_of

_SPECIAL = {
    "Education": ("edu", "academic", "faculty", "student"),
    "Nonprofit": ("charity", "npo"),
    "GovernmentCommunityCloud": ("gcc", "government"),
}
SEGMENTS = {"Commercial": ("corporate",), **_SPECIAL}
QUALIFICATIONS = {**_SPECIAL, "StateOwnedEntity": ("soe",), "None": ()}

SEGMENT = one_of("segment", SEGMENTS)
QUALIFICATION = one_of("qualification", QUALIFICATIONS)

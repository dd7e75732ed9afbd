"""Random fleets of several resellers in which every name, id and number of each is known, and can be looked for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from random import Random

from tests.pipeline.exports import Night, Row, guid

RESELLERS = ("7710001", "7720002", "7730003")
# The provider, which every edition may name.
HOUSE = str(uuid.UUID(int=0xFEED0000_0000_4000_8000_0000000000AA))
_HOUSE_AZURE = str(uuid.UUID(int=0xFEED0000_0000_4000_8000_0000000000AB))
_TYPES = ((), ("Nonprofit",), ("Education",), ("GovernmentCommunityCloud",), ("Nonprofit", "Education"), ("None",))
_OFFERS = (
    ("CFQ7TTC0LCHC:0001:CFQ7TTC0TEST", "Microsoft 365 E3", ""),
    ("CFQ7TTC0LCHC:0002:CFQ7TTC0TEST", "Microsoft 365 A3 for faculty", "Education"),
    ("CFQ7TTC0LCHC:0003:CFQ7TTC0TEST", "Office 365 E1 (Charity)", "Nonprofit"),
    ("CFQ7TTC0LCHC:0004:CFQ7TTC0TEST", "Teams for GCC", ""),
    ("CFQ7TTC0LCHC:0009:CFQ7TTC0TEST", "Something unlisted", ""),
)
_PRICES = (
    ("0001", "Microsoft 365 E3", "Commercial", "36.00"),
    ("0002", "Microsoft 365 A3 for faculty", "Education", "3.25"),
    ("0003", "Office 365 E1 (Charity)", "Charity", "3.10"),
    ("0004", "Teams for GCC", "Government", "4.00"),
)


@dataclass
class World:
    """The exports of a night, the waivers, and what belongs to each reseller: texts and numbers of seats.

    `texts` are names, domains and ids; one that is in two resellers' lists may be seen by both.
    """

    tables: Night
    waivers: str
    texts: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in RESELLERS})
    numbers: dict[str, set[int]] = field(default_factory=lambda: {name: set() for name in RESELLERS})

    def foreign_texts(self, reseller: str) -> set[str]:
        """Return what is others' and not the reseller's too."""
        return {reseller_id for reseller_id in RESELLERS if reseller_id != reseller} | set().union(
            *(texts for owner, texts in self.texts.items() if owner != reseller)
        ) - self.texts[reseller]

    def foreign_numbers(self, reseller: str) -> set[int]:
        """Return the seats that others have sold."""
        return set().union(*(numbers for owner, numbers in self.numbers.items() if owner != reseller))


def tenant_of(reseller: str) -> str:
    return guid(int(reseller))


def _azure_of(reseller: str) -> str:
    return guid(int(reseller) + 5)


def world(seed: int, reseller: str, *, others: str = "first", unread: bool = False) -> World:
    """Draw a fleet; with other `others` all is the same but for what the other resellers have.

    `unread` adds a row of another's customer that cannot be read.
    """
    made = World({name: [] for name in _COLUMNS}, "")
    made.tables["partners"] = _partners(made, reseller, others)
    made.tables["price_list"] = [
        dict(zip(_COLUMNS["price_list"], ("CFQ7TTC0LCHC", sku, title, segment, "Monthly", "NA", price), strict=True))
        for sku, title, segment, price in _PRICES
    ]
    for place, owner in enumerate(RESELLERS):
        drawn = Random(f"{seed} {owner}" if owner == reseller else f"{seed} {owner} {others}")
        for number in range(3 + drawn.randrange(3) if owner == reseller else 2 + drawn.randrange(6)):
            _add_customer(made, drawn, owner, 1000 * (place + 1) + number, others if owner != reseller else "")
    _add_shared(made, Random(f"{seed} shared"), reseller, others)
    if unread:
        lost = next(row for row in made.tables["subscriptions"] if row["reseller_id"] not in {"", reseller})
        made.tables["subscriptions"].append(lost | {"subscription_id": "unread-one", "quantity": "-many-"})
        made.texts[lost["reseller_id"]].add("unread-one")
    return made


_COLUMNS = {
    "customers": ("customer_id", "company_name", "domain", "relationship", "country", "reseller_id"),
    "subscriptions": (
        "subscription_id", "customer_id", "offer_id", "offer_name", "segment", "quantity", "status",
        "auto_renew_enabled", "creation_date", "commitment_end_date", "partner_tenant_id", "reseller_id", "unit_price",
        "currency",
    ),
    "qualifications": ("customer_id", "qualification", "vetting_status", "vetting_reason", "vetting_create_date"),
    "nonprofit_notices": ("customer_id", "notice_date", "removal_date", "contested"),
    "gcc_validations": (
        "customer_id", "validation_id", "submitted_date", "submitted_tenant_id", "status", "decided_date",
    ),
    "qualification_requests": ("customer_id", "qualification", "requested_date", "outcome"),
    "partners": (
        "tenant_id", "name", "role", "mpn_id", "provider_tenant_id", "azure_gcc_tenant_id", "gcc_requested_date",
        "gcc_approved_date", "gcc_high_invited", "azure_government_enrolled",
    ),
    "price_list": ("product_id", "sku_id", "sku_title", "segment", "billing_plan", "market", "unit_price"),
}  # fmt: skip


def _partners(made: World, reseller: str, others: str) -> list[Row]:
    rows = [(HOUSE, "Provider House", "indirect_provider", "7000000", "", _HOUSE_AZURE, "2026-11-02", "", "false", "")]
    for one in RESELLERS:
        name = f"Reseller{one}Kilo{'' if one == reseller else others}"
        rows += [(tenant_of(one), name, "indirect_reseller", one, HOUSE, _azure_of(one), "2026-11-03", "", "", "")]
        made.texts[one] |= {name, tenant_of(one), _azure_of(one)}
    return [dict(zip(_COLUMNS["partners"], row, strict=True)) for row in rows]


def _add_customer(made: World, drawn: Random, owner: str, number: int, others: str) -> str:
    """Add a customer of a reseller with all that may be known of it."""
    customer = guid(0xC0000000 + number * 16 + len(others))
    name, domain = f"Firm{number}Zulu{others} & Sons", f"dom{number}{others}.example"
    country = drawn.choice(["PL", "US"])
    made.tables["customers"].append(
        _row("customers", customer, name, domain, drawn.choice(["reseller", "reseller", "advisor"]), country, owner)
    )
    made.texts[owner] |= {name, domain, customer}
    types = drawn.choice(_TYPES)
    for one in types:
        status = "" if one in {"None", "StateOwnedEntity"} else drawn.choice(["Approved", "Approved", "InReview"])
        reason = f"reason of firm{number}yankee{others}" if status == "InReview" else ""
        made.texts[owner] |= {reason} - {""}
        made.tables["qualifications"].append(_row("qualifications", customer, one, status, reason, "2026-10-01"))
    if "Nonprofit" in types:
        made.tables["nonprofit_notices"].append(
            _row("nonprofit_notices", customer, "2026-09-15", drawn.choice(["2026-12-14", "2026-11-14"]), "false")
        )
    if drawn.random() < 0.5:
        form = f"GV{number}X{others}"
        submitted = drawn.choice([HOUSE, _HOUSE_AZURE, *map(tenant_of, RESELLERS), *map(_azure_of, RESELLERS)])
        made.texts[owner].add(form)
        made.tables["gcc_validations"].append(
            _row("gcc_validations", customer, form, "2026-11-02", submitted, drawn.choice(["InReview", "Approved"]), "")
        )
    made.tables["qualification_requests"] += [
        _row("qualification_requests", customer, "Education", f"2026-0{month}-01", "Denied")
        for month in range(1, drawn.choice([1, 1, 4]))
    ]
    for part in range(drawn.randrange(1, 4)):
        _add_sale(made, drawn, owner, customer, f"sub-{number}-{part}{others}", drawn.choice(["", owner]))
    if others and drawn.random() < 0.5:
        made.waivers += _waiver(f'customer = "{customer}"', f"{name} asked for it")
        made.texts[owner].add(f"{name} asked for it")
    return customer


def _add_sale(made: World, drawn: Random, owner: str, customer: str, subscription: str, stated: str) -> None:
    offer, title, segment = drawn.choice(_OFFERS)
    seats = 600_000 + drawn.randrange(300_000)
    booked = drawn.choice([HOUSE, HOUSE, "", *map(tenant_of, RESELLERS)])
    made.tables["subscriptions"].append(
        _row(
            "subscriptions", subscription, customer, offer, title, segment, str(seats), "active",
            drawn.choice(["true", "false"]), drawn.choice(["2026-01-05", "2026-11-19"]), "2027-01-04", booked, stated,
            "86.40", "EUR",
        )
    )  # fmt: skip
    made.texts[owner].add(subscription)
    made.numbers[owner].add(seats)


def _add_shared(made: World, drawn: Random, reseller: str, others: str) -> None:
    """Add two customers to whom two resellers sell: one of the reseller's own, and one of another's."""
    other = next(one for one in RESELLERS if one != reseller)
    for number, in_charge in enumerate((reseller, other)):
        customer = guid(0xD0000000 + number)
        name, domain = f"Shared{number}Victor", f"shared{number}.example"
        made.tables["customers"].append(_row("customers", customer, name, domain, "reseller", "PL", in_charge))
        made.tables["qualifications"].append(_row("qualifications", customer, "Nonprofit", "", "", "2024-10-01"))
        made.tables["nonprofit_notices"].append(
            _row("nonprofit_notices", customer, "2026-09-15", "2026-12-14", "false")
        )
        _add_sale(made, drawn, reseller, customer, f"sub-shared{number}-own", reseller)
        _add_sale(made, Random(f"{others} {number}"), other, customer, f"sub-shared{number}-other{others}", other)
        for one in (reseller, other):
            made.texts[one] |= {customer, name, domain}
        made.tables["gcc_validations"].append(
            _row("gcc_validations", customer, "", "2026-09-01", HOUSE, "Approved", "2026-09-02")
        )
        made.tables["qualification_requests"].append(
            _row("qualification_requests", customer, "Education", "2026-05-01", "Denied")
        )
        told = f"{other} told{number}{others} us"
        made.waivers += _waiver(f'customer = "{customer}"\nrule = "NPO01"', told) if number else ""
        made.texts[other].add(told)
        sales = (row for row in made.tables["subscriptions"] if row["customer_id"] == customer)
        made.numbers[other].add(sum(int(row["quantity"]) for row in sales))


def _waiver(scope: str, reason: str) -> str:
    return (
        f'[[waiver]]\n{scope}\nreason = "{reason}"\napproved_by = "A. Nowak"\n'
        "created = 2026-11-01\nexpires = 2026-12-31\n"
    )


def hash_of(text: str) -> int:
    return sum(text.encode())


def _row(table: str, *cells: str) -> Row:
    return dict(zip(_COLUMNS[table], cells, strict=True))


def night_before(made: World) -> Night:
    """Return the exports of the night before: of every third subscription of each reseller nothing was known yet."""
    sales = made.tables["subscriptions"]
    known = [row for row in sales if row["quantity"].isdigit() and hash_of(row["subscription_id"]) % 3]
    return made.tables | {"subscriptions": known}

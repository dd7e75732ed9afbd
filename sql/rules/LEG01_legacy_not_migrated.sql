/*
id = "LEG01"
version = 1
level = "verify"
title = "Legacy subscription is not yet migrated"
message = "Legacy {segment} subscription that no other one has replaced"
why = """
A legacy subscription (an offer with a GUID for its id) of a special segment is still live, and no live subscription \
says that it was migrated from this one. Legacy offers are being withdrawn; at the migration the customer must still \
be qualified for the segment.
"""
steps = [
    "Check that the customer is still qualified for the segment.",
    "Migrate the subscription to the new-commerce offer of the same segment at the end of its term.",
    "If it was migrated already, cancel the legacy subscription, so that it is not paid for twice.",
]
source = "The auditor's reading of the move from legacy offers to new commerce (Partner Center announcements)"
needs = ["customers", "subscriptions"]
uses = [
    "price_list", "subscriptions.segment", "subscriptions.offer_name", "subscriptions.commitment_end_date",
    "subscriptions.migrated_from_subscription_id",
]
gives_way_to = ["SEG01", "SEG02", "SEG04", "SEG05", "GCC02", "GCC05", "NPO03", "NPO05"]
key = ["subscription_id"]
since = 2026-11-21

[[case]]
name = "legacy subscriptions of each special segment; the last day is the day before the end date"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
c3          | County
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | Education                | Approved
c2          | Nonprofit                | Approved
c3          | GovernmentCommunityCloud | Approved
"""
subscriptions = """
subscription_id | customer_id | offer_id                             | segment                  | commitment_end_date | status
s1              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Education                | 2026-11-22          | active
s2              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Education                | 2026-11-21          | paused
s3              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Education                | 2026-11-20          | active
s4              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Education                |                     | suspended
s5              | c2          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Nonprofit                | 9999-12-14          | active
s6              | c3          | 195416c1-3447-423a-b37b-ee59a99a19c4 | GovernmentCommunityCloud | 2027-01-01          | active
s7              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Education                | 2026-11-22          | expired
"""
finds = """
subscription_id | customer_id | segment                  | due_on
s1              | c1          | Education                | 2026-11-21
s2              | c1          | Education                | 2026-11-20
s3              | c1          | Education                |
s4              | c1          | Education                |
s5              | c2          | Nonprofit                |
s6              | c3          | GovernmentCommunityCloud | 2026-12-31
"""

[[case]]
name = "what replaced it has ended"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Education     | Approved
"""
subscriptions = """
subscription_id | customer_id | offer_id                             | segment   | migrated_from_subscription_id | status
s1              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Education |                               | active
s2              | c1          | p1:0001:x                            | Education | s1                            | expired
s3              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c5 | Education |                               | active
"""
finds = """
subscription_id
s1
s3
"""

[[case]]
name = "a live subscription was migrated from it"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Education     | Approved
"""
subscriptions = """
subscription_id | customer_id | offer_id                             | segment   | migrated_from_subscription_id | status
s1              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Education |                               | active
s2              | c1          | p1:0001:x                            | Education | s1                            | paused
"""
finds = ""

[[case]]
name = "other kinds of offers, segments without a qualification, and a customer that is not in the export"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
"""
qualifications = """
customer_id | qualification | vetting_status
c1          | Education     | Approved
"""
subscriptions = """
subscription_id | customer_id | offer_id                             | segment
s1              | c1          | p1:0001:x                            | Education
s2              | c1          | ms-azr-0145p                         | Education
s3              | c1          | o365-a3                              | Education
s4              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Commercial
s5              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 |
s6              | c9          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Education
"""
finds = ""

[[case]]
name = "one sale, one finding: forbidden, unlisted, contradicted, or nonprofit and at its end"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | College
c3          | Dębowa
c4          | Bukowa
c5          | Sosnowa
"""
qualifications = """
customer_id | qualification            | vetting_status
c2          | GovernmentCommunityCloud | Approved
c2          | Education                | Approved
c3          | Education                | Approved
c4          | Nonprofit                | Approved
c5          | Nonprofit                | Approved
"""
nonprofit_notices = """
customer_id | notice_date | removal_date
c4          | 2026-11-01  |
c5          | 2026-06-01  | 2026-08-30
"""
subscriptions = """
subscription_id | customer_id | offer_id                             | segment   | offer_name      | creation_date | commitment_end_date
s1              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Education |                 | 2026-01-01    |
s2              | c2          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Education |                 | 2026-01-01    |
s3              | c3          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Education | Teams (Charity) | 2026-01-01    |
s4              | c4          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Nonprofit |                 | 2026-01-01    | 2027-06-30
s5              | c5          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Nonprofit |                 | 2026-09-01    | 2027-06-30
"""
finds = ""

[[case]]
name = "one sale, one finding: no discount exists, outside the United States, or sold before the validation"
as_of = 2026-11-20
customers = """
customer_id | company_name | country
c1          | Lipowa       | PL
c2          | Urząd        | PL
c3          | County       | US
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | Education                | Approved
c2          | GovernmentCommunityCloud | Approved
c3          | GovernmentCommunityCloud | Approved
"""
gcc_validations = """
customer_id | submitted_date | submitted_tenant_id | status
c3          | 2026-11-20     | p1                  | InReview
"""
subscriptions = """
subscription_id | customer_id | offer_id                             | segment                  | product_type
s1              | c1          | 195416c1-3447-423a-b37b-ee59a99a19c4 | Education                | azure
s2              | c2          | 195416c1-3447-423a-b37b-ee59a99a19c4 | GovernmentCommunityCloud |
s3              | c3          | 195416c1-3447-423a-b37b-ee59a99a19c4 | GovernmentCommunityCloud |
"""
finds = ""
*/
with replaced as (
    select b.migrated_from_subscription_id as subscription_id
    from core.live_subscription as b
    where b.migrated_from_subscription_id is not null
    group by b.migrated_from_subscription_id
)

select
    b.customer_id,
    b.subscription_id,
    case when b.last_day >= r.as_of then b.last_day end as due_on,
    s.segment,
    o.segment_source,
    case when o.is_in_price_list = 1 then true else false end as in_price_list,
    o.list_segment,
    o.stated_segment,
    o.name_segment,
    s.customer_type
from core.sale as s
inner join core.subscriptions as b on s.line = b.line
inner join core.offer_segment as o on s.offer_no = o.offer_no
cross join core.run as r
where
    s.kind = 'legacy'
    and s.segment in ('Education', 'Nonprofit', 'GovernmentCommunityCloud')
    and s.customer_is_listed = 1
    and not exists (
        select p.subscription_id
        from replaced as p
        where p.subscription_id = b.subscription_id
    )

/*
id = "QUAL03"
version = 1
level = "verify"
title = "Qualification rows contradict each other"
message = "The qualification rows of this customer contradict each other"
why = """
The rows say of this customer that it has no qualification and that it has one, or give one qualification two \
statuses, or hold GCC beside Education or Nonprofit. A row that counts is used for the verdicts all the same, so a \
wrong one may hide a sale that was not allowed. That such rows cannot stand together is the auditor's reading.
"""
steps = [
    "Open the customer's special qualifications in Partner Center and note what it really holds.",
    "If the export is wrong, have the script that writes it corrected, and run it again.",
    "If the customer really holds both, ask Microsoft Support which one is right.",
]
source = "Customer qualifications (Partner Center API); that the rows contradict each other is the auditor's reading"
needs = ["customers", "qualifications"]
uses = ["qualifications.vetting_status"]
key = ["customer_id"]
since = 2026-11-21

[[case]]
name = "None beside a qualification that counts, also one that nobody vets"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
c3          | Bukowa
"""
qualifications = """
customer_id | qualification    | vetting_status
c1          | None             |
c1          | Education        | Approved
c2          | StateOwnedEntity | Denied
c2          | None             | Approved
c3          | Nonprofit        |
c3          | None             |
"""
finds = """
customer_id | none_beside_another | two_statuses | gcc_beside | qualifications | due_on | evidence_table | evidence_line
c1          | true                | false        | false      | 2              |        | qualifications | 1
c2          | true                | false        | false      | 2              |        | qualifications | 3
c3          | true                | false        | false      | 2              |        | qualifications | 5
"""

[[case]]
name = "one qualification with two statuses; an empty one is a status too"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
c3          | County
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | Education                | Denied
c1          | Education                | InReview
c2          | Nonprofit                | Approved
c2          | Nonprofit                |
c3          | GovernmentCommunityCloud | Approved
c3          | GovernmentCommunityCloud | Approved
c3          | GovernmentCommunityCloud | Denied
"""
finds = """
customer_id | none_beside_another | two_statuses | gcc_beside | qualifications
c1          | false               | true         | false      | 2
c2          | false               | true         | false      | 2
c3          | false               | true         | false      | 3
"""

[[case]]
name = "GCC beside Education or Nonprofit, all at once"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | College
c2          | Charity
c3          | Everything
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | GovernmentCommunityCloud | Approved
c1          | Education                | Approved
c2          | GovernmentCommunityCloud | Approved
c2          | Nonprofit                |
c3          | GovernmentCommunityCloud | Approved
c3          | Nonprofit                | Approved
c3          | Nonprofit                | Denied
c3          | None                     |
"""
finds = """
customer_id | none_beside_another | two_statuses | gcc_beside | qualifications
c1          | false               | false        | true       | 2
c2          | false               | false        | true       | 2
c3          | true                | true         | true       | 4
"""

[[case]]
name = "an export without vetting statuses: all rows count"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | College
c2          | Lipowa
c3          | Dębowa
"""
qualifications = """
customer_id | qualification
c1          | GovernmentCommunityCloud
c1          | Education
c2          | Education
c2          | Education
c3          | Education
c3          | None
"""
finds = """
customer_id | none_beside_another | two_statuses | gcc_beside
c1          | false               | false        | true
c3          | true                | false        | false
"""

[[case]]
name = "nothing contradicts: None beside one that does not count, GCC that is denied, the same row twice"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | County
c3          | Bukowa
c4          | Sosnowa
"""
qualifications = """
customer_id | qualification            | vetting_status
c1          | None                     |
c1          | Education                | InReview
c1          | GovernmentCommunityCloud |
c2          | GovernmentCommunityCloud | Denied
c2          | Education                | Approved
c2          | Nonprofit                | Approved
c3          | Education                | Approved
c3          | Education                | Approved
c4          | GovernmentCommunityCloud | Approved
c4          | StateOwnedEntity         |
"""
finds = ""

[[case]]
name = "statuses of a state-owned entity and of None do not matter; a customer that is not in the export"
as_of = 2026-11-20
customers = """
customer_id | company_name
c1          | Lipowa
c2          | Dębowa
"""
qualifications = """
customer_id | qualification    | vetting_status
c1          | StateOwnedEntity | Approved
c1          | StateOwnedEntity | Denied
c2          | None             | Approved
c2          | None             |
c9          | Education        | Approved
c9          | Education        | Denied
"""
finds = ""
*/
with none_beside as (
    select q.customer_id
    from core.qualifications as q
    inner join core.customer_type as t on q.customer_id = t.customer_id
    where q.qualification = 'None' and t.read_type <> '(none)'
    group by q.customer_id
),

-- an empty status is a status too; nobody vets a state-owned entity, so its statuses mean nothing
stated as (
    select
        q.customer_id,
        q.qualification,
        min(coalesce(q.vetting_status, '')) as first_status,
        max(coalesce(q.vetting_status, '')) as last_status
    from core.qualifications as q
    where q.qualification in ('Education', 'Nonprofit', 'GovernmentCommunityCloud')
    group by q.customer_id, q.qualification
),

gcc_beside as (
    select t.customer_id
    from core.customer_type as t
    inner join ref.qualification_sets as s on t.read_type = s.customer_type
    where s.government_community_cloud = 1 and (s.education = 1 or s.nonprofit = 1)
),

contradictions as (
    select n.customer_id, 1 as none_beside, 0 as two_statuses, 0 as gcc_beside from none_beside as n
    union all
    select s.customer_id, 0 as none_beside, 1 as two_statuses, 0 as gcc_beside
    from stated as s
    where s.first_status <> s.last_status
    union all
    select g.customer_id, 0 as none_beside, 0 as two_statuses, 1 as gcc_beside from gcc_beside as g
),

judged as (
    select
        d.customer_id,
        max(d.none_beside) as none_beside,
        max(d.two_statuses) as two_statuses,
        max(d.gcc_beside) as gcc_beside
    from contradictions as d
    group by d.customer_id
),

counted as (
    select q.customer_id, count(*) as qualifications, min(q.line) as line
    from judged as j
    inner join core.qualifications as q on j.customer_id = q.customer_id
    group by q.customer_id
)

select
    j.customer_id,
    null as subscription_id,
    null as due_on,
    case when j.none_beside = 1 then true else false end as none_beside_another,
    case when j.two_statuses = 1 then true else false end as two_statuses,
    case when j.gcc_beside = 1 then true else false end as gcc_beside,
    n.qualifications,
    t.customer_type,
    'qualifications' as evidence_table,
    n.line as evidence_line
from judged as j
inner join counted as n on j.customer_id = n.customer_id
inner join core.customer_type as t on j.customer_id = t.customer_id

/*
A fleet of any size, line by line: every cell is a function of the seed and the row's number, so nothing is
kept in memory, nothing is joined, and the same seed writes the same bytes.

Variables: seed; customers, subscriptions, qualifications (numbers of rows); bad (broken rows in a million).
Each customer has a kind, one letter for each of its qualification rows: N, E, G, S held (Nonprofit, Education,
GovernmentCommunityCloud, StateOwnedEntity), e in review, d denied, 0 the row None. Segments are C, N, E, G.
*/

-- The dice: `salt` tells the throws of one row apart.
create macro throw(i, salt) as hash(i, salt, getvariable('seed'));
create macro one_of(items, n) as items[(n % len(items))::bigint + 1];
create macro letter_of(letters, n) as substr(letters, (n % length(letters))::bigint + 1, 1);
create macro guid(i, salt) as
    ((throw(i, salt)::uhugeint << 64) | throw(i, salt + 1)::uhugeint)::uuid::varchar;
create macro customer_guid(c) as guid(c, 11);
-- Partner 0 is the provider that transacts, partner 1 its direct business, the others are resellers.
create macro partner_guid(p) as guid(p, 14);
create macro reseller_id(p) as (5200000 + p)::varchar;

-- Which flaw a row has: null none, 0 in its structure (1 flawed row in 50), 1 to 6 in a cell, 7 in several.
create macro flaw_of(i, salt) as
    case
        when throw(i, salt) % 1000000 >= getvariable('bad') then null
        when throw(i, salt + 1) % 50 = 0 then 0
        else 1 + (throw(i, salt + 2) % 7)::integer
    end;

-- Customers below this number have two qualification rows, the others one.
create macro has_two(c) as c < getvariable('qualifications') - getvariable('customers');
create macro kind_of(c) as
    case
        when has_two(c) then
            case
                when throw(c, 21) % 1000 < 2 then 'NS'
                when throw(c, 21) % 1000 < 80 then 'SG'
                when throw(c, 21) % 1000 < 380 then 'NE'
                when throw(c, 21) % 1000 < 630 then 'ES'
                when throw(c, 21) % 1000 < 830 then 'Nd'
                else 'Se'
            end
        when throw(c, 21) % 100 < 62 then '0'
        when throw(c, 21) % 100 < 74 then 'N'
        when throw(c, 21) % 100 < 88 then 'E'
        when throw(c, 21) % 100 < 91 then 'G'
        when throw(c, 21) % 100 < 96 then 'S'
        else letter_of('ed', throw(c, 22))
    end;

-- What a kind buys, and what it may not buy; NS is on no list, and Nonprofit is outside its strictest reading.
create macro bought_by(kind) as
    case kind
        when 'N' then 'CN' when 'Nd' then 'CN' when 'NS' then 'CN' when 'NE' then 'CNE'
        when 'E' then 'CE' when 'ES' then 'CE' when 'G' then 'G' when 'SG' then 'G' else 'C'
    end;
create macro forbidden_to(kind) as
    case kind
        when 'N' then 'EG' when 'Nd' then 'EG' when 'NS' then 'N' when 'NE' then 'G'
        when 'E' then 'NG' when 'ES' then 'NG' when 'G' then 'CNE' when 'SG' then 'CNE' else 'NEG'
    end;

-- The offers: 500 products in four segments; p is the product's number.
create macro sku_of(p, segment) as lpad((1 + p % 4 * 5 + strpos('CENG', segment))::varchar, 4, '0');
create macro product_of(p) as 'CFQ7TTC0K' || lpad(p::varchar, 3, '0');
create macro title_of(p) as
    one_of([
        'Microsoft 365 Business Premium', 'Microsoft 365 Business Standard', 'Microsoft 365 Business Basic',
        'Microsoft 365 E3', 'Microsoft 365 E5', 'Office 365 E1', 'Office 365 E3', 'Power BI Pro',
        'Power BI Premium Per User', 'Microsoft Entra ID Governance', 'Microsoft Intune',
        'Dynamics 365 Sales Professional', 'Dynamics 365 Customer Service', 'Project', 'Visio',
        'Exchange Online', 'Microsoft Defender for Office 365', 'Teams Phone', 'Windows 365 Enterprise',
        'Microsoft Purview Suite'
    ], p) || case when p < 20 then '' else ' Plan ' || (p // 20)::varchar end;
create macro marker_of(p, segment) as
    case
        when segment = 'C' or throw(p * 4 + strpos('NEG', segment), 31) % 100 >= 45 then ''
        when segment = 'N' then one_of([' (Non-Profit Pricing)', ' (Nonprofit Staff Pricing)', ' (Charity)'], p)
        when segment = 'E' then one_of([' (Education Faculty Pricing)', ' for faculty', ' for students'], p)
        else one_of([' (Governmental Community Cloud Pricing)', ' for GCC', ' (Government Pricing)'], p)
    end;
create macro price_of(p, segment) as
    (500 + throw(p, 32) % 30000 + strpos('NEGC', segment) * 200)::decimal(18, 2) / 100;

create macro qualification_named(letter) as
    case letter
        when 'N' then 'Nonprofit' when 'G' then 'GovernmentCommunityCloud' when 'S' then 'StateOwnedEntity'
        when '0' then 'None' else 'Education'
    end;
create macro status_named(letter) as
    case letter when 'e' then 'InReview' when 'd' then 'Denied' when 'S' then '' when '0' then '' else 'Approved' end;
create macro segment_named(segment) as
    case segment when 'C' then 'Commercial' when 'E' then 'Education' when 'N' then 'Charity' else 'Government' end;
create macro day(n) as (date '2026-11-19' - n::integer)::varchar || 'T00:00:00Z';

-- A flaw in the structure: a cell too few, one too many, or a stray quote after a quoted value.
create macro broken_line(line, i) as
    case throw(i, 41) % 3
        when 0 then left(line, length(line) - strpos(reverse(line), ','))
        when 1 then line || ',left over'
        else '"' || substr(line, 1, strpos(line, ',') - 1) || '"x' || substr(line, strpos(line, ','))
    end;

create view customers as
with drawn as (
    select i, flaw_of(i, 51) as flaw, throw(i, 54) as n from range(getvariable('customers')) as rows(i)
),
named as (
    select
        i, flaw, n,
        one_of([
            'Fundacja', 'Comune di', 'Liceum', 'Istituto', 'Muzeum', 'Associazione', 'Gmina', 'Cooperativa',
            'Spółdzielnia', 'Friends of', 'Schools of', 'Kancelaria', 'Farmacia', 'Stowarzyszenie', 'Library of'
        ], n) || ' ' || one_of([
            'Jasny Brzeg', 'Montelaro', 'Złota Góra', 'Valfiorita', 'Pine Hollow', 'Cicha Łąka', 'Sanvero',
            'Elm River', 'Zielona Dolina', 'Torreluna', 'Oakmere', 'Świerkowo', 'Belvento', 'Riverton'
        ], n // 16) || ' ' || i::varchar as name
    from drawn
),
lines as (
    select
        i, flaw,
        concat(
            case when flaw in (1, 7) then 'tenant ' || i::varchar else customer_guid(i) end, ',',
            case
                when flaw in (2, 5) then ''
                when n // 256 % 20 = 0 then '"' || name || ', ""Centrum"""'
                else name
            end, ',',
            'c', i::varchar, '.example,',
            case when flaw in (3, 7) then 'friend' else 'Reseller' end, ',',
            case
                when flaw in (4, 6) then 'Poland'
                when kind_of(i) in ('G', 'SG') and throw(i, 56) % 1000 > 1 then 'US'
                else one_of(['PL', 'PL', 'PL', 'IT', 'IT', 'GB', 'US'], n // 8192)
            end, ',',
            guid(i, 55), ',',
            (5200000 + n // 65536 % 400)::varchar, ',True'
        ) as line
    from named
)
select
    case when flaw = 0 then broken_line(line, i) else line end as
    "CustomerId,Name,Domain,RelationshipToPartner,CountryCode,CommerceId,AssociatedPartnerId,AllowDelegatedAccess"
from lines;

create view subscriptions as
with drawn as (
    select
        i,
        flaw_of(i, 61) as flaw,
        throw(i, 64) as n,
        (throw(i, 65) % getvariable('customers'))::bigint as c,
        (throw(i, 66) % 500)::bigint as p,
        throw(i, 67) % 20 = 0 as is_over
    from range(getvariable('subscriptions')) as rows(i)
),
sold as (
    select
        i, flaw, n, c, p, is_over,
        (n // 4096 % 360)::integer as age,
        letter_of(
            case when throw(i, 68) % 2000 = 0 then forbidden_to(kind_of(c)) else bought_by(kind_of(c)) end,
            throw(i, 69)
        ) as segment
    from drawn
),
lines as (
    select
        i, flaw,
        concat(
            case when flaw in (1, 7) then 'not-a-tenant' else customer_guid(c) end, ',',
            guid(i, 71), ',',
            case when flaw = 5 then '' else product_of(p) || ':' || sku_of(p, segment) || ':CFQ7TTC0A' || lpad(p::varchar, 3, '0') end, ',',
            title_of(p), marker_of(p, segment), ',',
            case when throw(i, 76) % 10000 = 0 then 'Software,' else 'OnlineServicesNCE,' end,
            case
                when flaw in (2, 7) then '-' || (1 + n % 90)::varchar
                when flaw = 3 then 'a few'
                else (1 + n % 120)::varchar
            end, ',',
            case
                when is_over then one_of(['expired', 'deleted', 'disabled'], n // 128)
                when n // 128 % 100 = 0 then 'suspended'
                else 'active'
            end, ',',
            case when flaw = 6 then 'perhaps' when is_over or n // 16384 % 10 = 0 then 'False' else 'True' end, ',',
            'False,P1Y,',
            one_of(['Monthly', 'Monthly', 'Annual'], n // 32768), ',',
            day(age + n // 65536 % 4 * 365 + is_over::integer * 365), ',',
            day(age + is_over::integer * 365), ',',
            case
                when flaw in (4, 7) then '2026-02-30T00:00:00Z'
                else day(age - 364 + is_over::integer * 365)
            end, ',',
            day(age - 7 + is_over::integer * 365), ',',
            case when throw(i, 73) % 20000 = 0 then '' else reseller_id(n // 262144 % 400) end, ',',
            case
                when n // 134217728 % 1000 < 5 then partner_guid(1)
                when throw(i, 72) % 10000 = 0 then partner_guid(2 + n // 262144 % 400)
                else partner_guid(0)
            end, ',',
            case throw(i, 74) % 200 when 0 then 'Cancel' when 1 then 'RenewToNewTerm' else '' end, ',',
            case
                when throw(i, 74) % 200 = 1
                    then product_of(p) || ':' || sku_of(p, case when throw(i, 75) % 100 = 0 then 'E' else 'C' end) || ':CFQ7TTC0A'
                else ''
            end, ',',
            'Licenses,subscription,False,', title_of(p), ','
        ) as line
    from sold
)
select
    case when flaw = 0 then broken_line(line, i) else line end as
    "CustomerTenantId,SubscriptionId,OfferId,OfferName,ProductType,Quantity,Status,AutoRenewEnabled,IsTrial,TermDuration,BillingCycle,CreationDate,EffectiveStartDate,CommitmentEndDate,CancellationAllowedUntilDate,PartnerId,PartnerTenantId,ScheduledAction,ScheduledOfferId,UnitType,ContractType,HasPurchasableAddons,FriendlyName,ParentSubscriptionId"
from lines;

create view qualifications as
with drawn as (
    select
        i,
        i % getvariable('customers') as c,
        flaw_of(i, 81) as flaw,
        letter_of(kind_of(i % getvariable('customers')), i // getvariable('customers')) as letter
    from range(getvariable('qualifications')) as rows(i)
),
lines as (
    select
        i, flaw,
        concat(
            case when flaw in (1, 7) then left(customer_guid(c), 30) when flaw = 6 then '' else customer_guid(c) end,
            ',',
            case
                when flaw = 5 then ''
                when flaw in (2, 7) then 'Reklama'
                else qualification_named(letter)
            end, ',',
            case when flaw = 3 then 'Perhaps' else status_named(letter) end, ',',
            case
                when letter = 'd' then one_of(['Not an Academic Domain', 'Not an eligible Museum'], throw(i, 84))
                else ''
            end, ',',
            case
                when flaw in (4, 7) then '2025-13-01T00:00:00Z'
                when letter = '0' then ''
                else day(
                    case
                        when letter <> 'e' then 40 + throw(i, 85) % 1500
                        when throw(i, 86) % 20 = 0 then throw(i, 85) % 9
                        else throw(i, 85) % 2
                    end
                )
            end
        ) as line
    from drawn
)
select
    case when flaw = 0 then broken_line(line, i) else line end as
    "CustomerTenantId,Qualification,VettingStatus,VettingReason,VettingCreateDate"
from lines;

create view price_list as
with offers as (
    select i // 4 as p, letter_of('CENG', i) as segment from range(2000) as rows(i)
)
select
    concat(
        'Unchanged,', title_of(p), ',', product_of(p), ',', sku_of(p, segment), ',', title_of(p), marker_of(p, segment),
        ',Microsoft Corporation,P1Y,Monthly,PL,PLN,', price_of(p, segment)::decimal(18, 2)::varchar,
        ',2026-11-01T00:00:00Z,2026-11-30T23:59:59Z,,', (price_of(p, segment) * 1.2)::decimal(18, 2)::varchar, ',',
        segment_named(segment), ','
    ) as
    "ChangeIndicator,ProductTitle,ProductId,SkuId,SkuTitle,Publisher,TermDuration,BillingPlan,Market,Currency,UnitPrice,EffectiveStartDate,EffectiveEndDate,Tags,ERP Price,Segment,PreviousValues"
from offers;

create view partners as
select
    concat(
        partner_guid(p), ',Partner ', p::varchar, ',',
        case p when 0 then 'indirect_provider' when 1 then 'direct_bill' else 'indirect_reseller' end, ',',
        case when p < 2 then (4700000 + p)::varchar else reseller_id(p - 2) end, ',',
        case when p < 2 then '' else partner_guid(0) end, ',',
        case p when 0 then guid(p, 16) else '' end, ',',
        case p when 0 then '2019-03-04' else '' end, ',',
        case when p = 0 then '2019-03-01' when p = 1 then '2026-11-10' else '' end, ',',
        case p when 0 then 'true,true' else 'false,false' end
    ) as
    "TenantId,Name,Role,MpnId,ProviderTenantId,AzureGccTenantId,GccApprovedDate,GccRequestedDate,GccHighInvited,AzureGovernmentEnrolled"
from range(402) as rows(p);

create view gcc_validations as
select
    concat(
        customer_guid(c), ',V', c::varchar, ',',
        case when throw(c, 91) % 200 = 0 then day(throw(c, 92) % 9) else '2019-04-01T00:00:00Z' end, ',',
        case when throw(c, 93) % 500 > 0 then partner_guid(0) else partner_guid(2 + throw(c, 93) % 400) end, ',',
        case when throw(c, 91) % 200 = 0 then 'InReview,' else 'Approved,2019-04-03' end
    ) as "CustomerTenantId,ValidationId,SubmittedDate,SubmittedTenantId,Status,DecidedDate"
from range(getvariable('customers')) as rows(c)
where kind_of(c) in ('G', 'SG');

create view nonprofit_notices as
select
    concat(customer_guid(c), ',', day(throw(c, 95) % 120), ',,', throw(c, 96) % 4 = 0) as
    "CustomerTenantId,NoticeDate,RemovalDate,Contested"
from range(getvariable('customers')) as rows(c)
where kind_of(c) in ('N', 'NE') and throw(c, 94) % 300 = 0;

create view qualification_requests as
select
    concat(
        customer_guid(c), ',Education,', day(20 + asked * 30), ',', case asked when 0 then 'InReview' else 'Denied' end
    ) as "CustomerTenantId,Qualification,RequestedDate,Outcome"
from range(getvariable('customers')) as rows(c), range(3) as times(asked)
where kind_of(c) in ('e', 'd', 'Nd', 'Se') and throw(c, 97) % 100 >= asked * 49;

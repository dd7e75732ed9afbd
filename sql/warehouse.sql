-- The warehouse's tables that no export fills. `audit` and `history` outlive the night: they are carried over
-- from the last warehouse. `core`, `ref` and `quarantine` are made anew.
create schema core;
create schema ref;
create schema quarantine;
create schema audit;
create schema history;

-- One row: what the night is about. Rules take every date from here, never from the clock.
create table core.run (
    as_of date not null,
    -- false where the qualifications export has no vetting status, so that all its rows are in effect
    vetting_is_stated boolean not null
);

-- Customers with a row in the quarantine, for rules that must not take a gap in the reading for a fact.
create table core.unread_customers (table_name varchar not null, customer_id varchar not null);

-- Subscriptions in the quarantine, and per table whether a row there could not even be told apart from others: a finding
-- on what may be missing from tonight's reading is not closed.
create table core.unread_subscriptions (subscription_id varchar not null);
create table core.unread_offers (offer_key varchar not null);
create table core.unsplit_tables (table_name varchar not null);

create table quarantine.rows (
    table_name varchar not null,
    file varchar not null,
    line bigint not null,
    column_name varchar not null,
    value varchar not null,
    reason varchar not null
);

create table ref.purchase_matrix (
    customer_type varchar not null,
    segment varchar not null,
    allowed boolean not null,
    valid_from date not null,
    valid_to date,
    source varchar not null
);

create table ref.qualification_sets (
    customer_type varchar not null,
    nonprofit integer not null,
    education integer not null,
    state_owned_entity integer not null,
    government_community_cloud integer not null
);

create table ref.segment_markers (marker varchar not null, segment varchar not null, source varchar not null);

-- Every day that a rule may name; rules add days by joining `day_number`.
create table ref.calendar as
select
    cast(day as date) as day,
    date_diff('day', date '1970-01-01', cast(day as date)) as day_number
from range(timestamp '1990-01-01', timestamp '2101-01-01', interval 1 day) as days(day);

create table audit.layout (version integer not null);

create table audit.runs (
    as_of date not null,
    run_id varchar not null,
    partner varchar not null,
    started_at timestamp not null,
    data_as_of timestamp,
    verdict varchar not null,
    exit_code integer not null,
    version varchar not null,
    rule_set varchar not null,
    engine varchar not null,
    command varchar not null
);

create table audit.inputs (
    as_of date not null,
    table_name varchar not null,
    file varchar,
    modified_at timestamp,
    bytes bigint not null,
    sha256 varchar not null,
    encoding varchar not null,
    lines bigint not null,
    rows bigint not null,
    loaded bigint not null,
    unread bigint not null,
    duplicates bigint not null,
    notes varchar[] not null,
    columns varchar[] not null
);

create table audit.rule_results (
    as_of date not null,
    rule_id varchar not null,
    rule_version integer not null,
    level varchar not null,
    judgement varchar not null,
    reason varchar not null,
    found bigint not null
);

-- What a finding said, one row for each night on which that changed.
create table audit.findings (
    finding_id varchar not null,
    recorded_on date not null,
    rule_id varchar not null,
    customer_id varchar,
    company_name varchar,
    customer_type varchar,
    subscription_id varchar,
    offer_name varchar,
    segment varchar,
    seats bigint,
    due_on date,
    source varchar not null,
    facts varchar not null
);

-- What happened to a finding, one row for each night on which anything did: new, reopened or closed.
create table audit.events (
    as_of date not null,
    finding_id varchar not null,
    rule_id varchar not null,
    event varchar not null
);

-- Spans of each customer's qualifications, by night: held from `first_night` on, gone on `gone_on` (null: held).
create table history.qualifications (
    customer_id varchar not null,
    qualification varchar not null,
    vetting_status varchar,
    first_night date not null,
    gone_on date
);

-- The warehouse's tables that no export fills. `audit`, `history` and `backfill` outlive the night: they are carried
-- over from the last warehouse. `core`, `ref` and `quarantine` are made anew.
create schema core;
create schema ref;
create schema quarantine;
create schema audit;
create schema history;
create schema backfill;

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
-- Tables with any unread row: what the rest of such a table does not hold may still be so.
create table core.unread_tables (table_name varchar not null);

-- How many lines of an export end before a place in its bytes: evidence finds a raw line again without reading it all.
create table core.line_marks (file varchar not null, byte_offset bigint not null, lines bigint not null);

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
    type_no integer not null,
    customer_type varchar not null,
    nonprofit integer not null,
    education integer not null,
    state_owned_entity integer not null,
    government_community_cloud integer not null
);

create table ref.segment_markers (marker varchar not null, segment varchar not null, cloud varchar, source varchar not null);

-- Days on which nobody answers, beside Saturdays and Sundays.
create table ref.holidays (country varchar not null, day date not null, name varchar not null, source varchar not null);

-- Filled by calendar.sql; country '' has no holidays.
create table ref.calendar (
    country varchar not null,
    day date not null,
    day_number bigint not null,
    is_business_day integer not null,
    business_day_number bigint not null
);

-- Policy: what was in force from valid_from to valid_to (both included; null: still).
-- The calendar is a country's, or the word customer: that of the customer's own country.
create table ref.answer_times (
    qualification varchar not null,
    business_days bigint not null,
    calendar varchar not null,
    valid_from date not null,
    valid_to date,
    source varchar not null
);

create table ref.notice_periods (
    qualification varchar not null,
    days bigint not null,
    valid_from date not null,
    valid_to date,
    source varchar not null
);

create table ref.request_limits (requests bigint not null, valid_from date not null, valid_to date, source varchar not null);

create table ref.extended_service_terms (
    monthly_plan boolean not null,
    surcharge_percent bigint not null,
    bought_from date not null,
    ends_from date not null,
    valid_from date not null,
    valid_to date,
    source varchar not null
);

-- Whether a special segment exists for a kind of product; an empty term stands for every term.
create table ref.discountable_products (
    product_type varchar not null,
    term_duration varchar,
    discounted boolean not null,
    valid_from date not null,
    valid_to date,
    source varchar not null
);

create table ref.gcc_countries (country varchar not null, valid_from date not null, valid_to date, source varchar not null);

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
    command varchar not null,
    folder varchar not null,
    -- of a backfill: the newest night that had been audited before it
    newer_night date,
    -- where the warehouse was damaged: the file that was kept aside, and the newest night of what was read instead
    damaged_file varchar,
    restored_from date
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
    -- without those that are waived
    found bigint not null,
    gaps varchar not null,
    waived bigint not null,
    -- of a rule that was judged: the customers it reported, waived or not, of all in the export
    hit bigint,
    customers bigint,
    -- of a suspect rule alone: the median of the customers that it reported before
    usual double
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
    facts varchar not null,
    monthly_amount decimal(38, 2),
    currency varchar,
    reseller_id varchar
);

-- What happened to a finding, one row for each night on which anything did: new, new rule, reopened or closed. The cause
-- is empty where the exports are: otherwise it is the rule, which finds less than it did, or is retired.
create table audit.events (
    as_of date not null,
    finding_id varchar not null,
    rule_id varchar not null,
    event varchar not null,
    cause varchar not null
);

-- Spans of nights on which a finding stayed open although it was not found: nobody could tell whether it was over.
create table audit.unseen (finding_id varchar not null, first_night date not null, gone_on date);

-- Spans of nights on which a finding was waived.
create table audit.waived (
    finding_id varchar not null,
    scope varchar not null,
    reason varchar not null,
    approved_by varchar not null,
    created date not null,
    expires date not null,
    first_night date not null,
    gone_on date
);

-- Every waiver of the file on every night, and what it came to.
create table audit.waivers (
    as_of date not null,
    line bigint not null,
    rule_id varchar,
    finding_id varchar,
    customer_id varchar,
    subscription_id varchar,
    reason varchar not null,
    approved_by varchar not null,
    created date not null,
    expires date not null,
    status varchar not null,
    findings bigint not null
);

-- What changed overnight beside the findings. Two kinds are for the next comparison only: a customer whose row could not
-- be read tonight (unread) has not gone, and one whose row can be read again (read) has not come.
create table audit.changes (
    as_of date not null,
    kind varchar not null,
    customer_id varchar not null,
    company_name varchar,
    qualification varchar not null,
    before varchar not null,
    after varchar not null,
    may_now_be_sold varchar not null
);

-- The purchase matrix with what was sold and reported, as the report of each night shows it.
create table audit.matrix (
    as_of date not null,
    place bigint not null,
    customer_type varchar not null,
    segment varchar not null,
    outcome varchar not null,
    sold bigint not null,
    reported bigint not null
);

-- The first rows that no rule saw, as the report of each night shows them.
create table audit.unread_rows (
    as_of date not null,
    place bigint not null,
    table_name varchar not null,
    file varchar not null,
    line bigint not null,
    column_name varchar not null,
    value varchar not null,
    reason varchar not null
);

-- Spans of each customer's qualifications, by night: held from `first_night` on, gone on `gone_on` (null: held).
create table history.qualifications (
    customer_id varchar not null,
    qualification varchar not null,
    vetting_status varchar,
    first_night date not null,
    gone_on date
);

-- Nights that were audited after a newer one. No later night reads them: they are there to be shown.
create table backfill.runs as select * from audit.runs;
create table backfill.inputs as select * from audit.inputs;
create table backfill.rule_results as select * from audit.rule_results;
create table backfill.waivers as select * from audit.waivers;
create table backfill.changes as select * from audit.changes;
create table backfill.matrix as select * from audit.matrix;
create table backfill.unread_rows as select * from audit.unread_rows;

-- Every finding as a backfilled night shows it.
create table backfill.states (
    as_of date not null,
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
    facts varchar not null,
    monthly_amount decimal(38, 2),
    currency varchar,
    reseller_id varchar,
    state varchar not null,
    cause varchar not null,
    first_seen date not null,
    opened_on date not null,
    reopened bigint not null,
    confirmed boolean not null,
    waived_scope varchar,
    waived_reason varchar,
    waived_by varchar,
    waived_from date,
    waived_until date
);

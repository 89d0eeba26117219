-- The tables of a store made before revisions were counted, as PostgreSQL had them. SQLite had the same without comments,
-- and DATETIME for TIMESTAMP WITH TIME ZONE.
CREATE TABLE profiles (
    account VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    handle VARCHAR,
    display_name VARCHAR,
    verified BOOLEAN,
    reach INTEGER NOT NULL,
    first_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    posts INTEGER NOT NULL,
    complaints INTEGER NOT NULL,
    advocacy INTEGER NOT NULL,
    mood FLOAT NOT NULL,
    interests JSON NOT NULL,
    document JSON NOT NULL,
    PRIMARY KEY (account)
);
CREATE INDEX ix_profiles_last_seen ON profiles (last_seen);
COMMENT ON COLUMN profiles.account IS 'platform:account_id';
COMMENT ON COLUMN profiles.version IS 'counts the changes of this row';
COMMENT ON COLUMN profiles.reach IS 'followers, as last seen';
COMMENT ON COLUMN profiles.mood IS 'decayed mean sentiment as of last_seen, -1..1';
COMMENT ON COLUMN profiles.interests IS 'interest -> decayed weight as of last_seen';
COMMENT ON COLUMN profiles.document IS 'the whole Profile, as schemas/profile.v1.avsc';
CREATE TABLE actions (
    action_id VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    customer VARCHAR NOT NULL,
    policy VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    segment VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE NOT NULL,
    document JSON NOT NULL,
    PRIMARY KEY (action_id)
);
CREATE INDEX ix_actions_customer ON actions (customer);
CREATE INDEX ix_actions_not_before ON actions (not_before);
COMMENT ON COLUMN actions.customer IS 'as cases.customer';
COMMENT ON COLUMN actions.segment IS 'what the customer was to the company then';
COMMENT ON COLUMN actions.at IS 'of the post that gave the occasion';
COMMENT ON COLUMN actions.document IS 'the whole Action, as schemas/action.v1.avsc';
CREATE TABLE alerts (
    alert_id VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    rule VARCHAR NOT NULL,
    level VARCHAR NOT NULL,
    department VARCHAR NOT NULL,
    customer VARCHAR NOT NULL,
    case_id VARCHAR,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    document JSON NOT NULL,
    PRIMARY KEY (alert_id)
);
CREATE INDEX ix_alerts_customer ON alerts (customer);
CREATE INDEX ix_alerts_department ON alerts (department);
CREATE INDEX ix_alerts_raised_at ON alerts (raised_at);
COMMENT ON COLUMN alerts.customer IS 'as cases.customer';
COMMENT ON COLUMN alerts.document IS 'the whole Alert, as schemas/alert.v1.avsc';
CREATE TABLE cases (
    case_id VARCHAR NOT NULL,
    customer VARCHAR NOT NULL,
    department VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    severity INTEGER NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    resolved_at TIMESTAMP WITH TIME ZONE,
    sla_met BOOLEAN,
    document JSON NOT NULL,
    PRIMARY KEY (case_id)
);
CREATE INDEX ix_cases_customer ON cases (customer);
CREATE INDEX ix_cases_state ON cases (state);
COMMENT ON COLUMN cases.customer IS 'platform:account_id';
COMMENT ON COLUMN cases.department IS 'who has to act';
COMMENT ON COLUMN cases.severity IS '1..4';
COMMENT ON COLUMN cases.document IS 'the whole Case, as schemas/case.v1.avsc';
CREATE TABLE facts (
    customer VARCHAR NOT NULL,
    post VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    document JSON NOT NULL,
    PRIMARY KEY (customer, post, version)
);
CREATE INDEX ix_facts_at ON facts (at);
COMMENT ON COLUMN facts.customer IS 'as cases.customer';
COMMENT ON COLUMN facts.post IS 'platform:post_id';
COMMENT ON COLUMN facts.version IS 'of the post; the newest counts';
COMMENT ON COLUMN facts.document IS 'the whole Fact; redacted text only';
CREATE TABLE wave_courses (
    key VARCHAR NOT NULL,
    upto INTEGER NOT NULL,
    document JSON NOT NULL,
    PRIMARY KEY (key)
);
COMMENT ON COLUMN wave_courses.key IS 'category and brand';
COMMENT ON COLUMN wave_courses.upto IS 'quarters of an hour since 1970 that were walked';
COMMENT ON COLUMN wave_courses.document IS 'the whole Course: counts by hour of week, no text, no author';
CREATE TABLE kpi_facts (
    post VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    document JSON NOT NULL,
    PRIMARY KEY (post)
);
CREATE INDEX ix_kpi_facts_at ON kpi_facts (at);
COMMENT ON COLUMN kpi_facts.post IS 'platform:post_id';
COMMENT ON COLUMN kpi_facts.document IS 'the KpiFact that is counted; no text, no author';
CREATE TABLE kpis (
    brand VARCHAR NOT NULL,
    department VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    start TIMESTAMP WITH TIME ZONE NOT NULL,
    mentions INTEGER NOT NULL,
    complaints INTEGER NOT NULL,
    severe INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    sla_decided INTEGER NOT NULL,
    sla_met INTEGER NOT NULL,
    advocacy INTEGER NOT NULL,
    reach INTEGER NOT NULL,
    answered_share FLOAT,
    sla_met_share FLOAT,
    sentiment FLOAT,
    first_response_p50_s FLOAT,
    first_response_p90_s FLOAT,
    working_response_p50_s FLOAT,
    working_response_p90_s FLOAT,
    revision INTEGER NOT NULL,
    document JSON NOT NULL,
    PRIMARY KEY (brand, department, platform, period, start)
);
COMMENT ON COLUMN kpis.document IS 'the whole Kpi, as schemas/kpi.v1.avsc';

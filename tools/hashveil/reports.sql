-- SPDX-License-Identifier: Apache-2.0
-- What reporters keep that share one database: psql -f reports.sql DATABASE
-- A reporter's role needs SELECT, INSERT and UPDATE.
BEGIN;
CREATE TABLE envelopes (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order in which they came
    id BYTEA NOT NULL UNIQUE CHECK (length(id) = 16),
    account BYTEA NOT NULL CHECK (length(account) = 16),
    threshold BIGINT NOT NULL CHECK (threshold BETWEEN 1 AND 100),
    point BYTEA NOT NULL CHECK (length(point) = 16),
    share BYTEA NOT NULL CHECK (length(share) = 16),
    content BYTEA CHECK (length(content) = 304), -- NULL when it was opened
    received_s BIGINT NOT NULL
);
CREATE INDEX envelopes_of_account ON envelopes (account, point, sequence);
CREATE TABLE accounts (
    account BYTEA PRIMARY KEY CHECK (length(account) = 16),
    secret BYTEA NOT NULL CHECK (length(secret) = 16)
);
CREATE TABLE reports (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    received_s BIGINT NOT NULL,
    time_s BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    database_digest TEXT NOT NULL,
    record TEXT NOT NULL,
    labels TEXT NOT NULL, -- a line each
    lists BIGINT NOT NULL,
    hash TEXT,            -- NULL where it was no picture
    quality BIGINT,
    state TEXT NOT NULL,
    distance_bits BIGINT,
    matched_by TEXT NOT NULL,
    confirmed_by TEXT NOT NULL,
    md5 TEXT,             -- NULL where no digest matched
    sha1 TEXT,
    sha256 TEXT,
    account TEXT NOT NULL
);
CREATE TABLE review (
    report TEXT PRIMARY KEY REFERENCES reports (id),
    state TEXT NOT NULL,
    time_s BIGINT NOT NULL
);
COMMIT;

-- SPDX-License-Identifier: Apache-2.0
-- The table that evaluators share which meter the same accounts: psql -f accounts.sql DATABASE
-- An evaluator's role needs SELECT and UPDATE; who adds accounts needs INSERT and DELETE too.
BEGIN;
CREATE TABLE hashveil_account (
    name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 64),
    kind SMALLINT NOT NULL CHECK (kind BETWEEN 0 AND 1),       -- a token, a certificate
    credential BYTEA NOT NULL UNIQUE CHECK (length(credential) = 32), -- its SHA-256
    per_day BIGINT NOT NULL CHECK (per_day BETWEEN 1 AND 1000000000000), -- elements
    burst BIGINT NOT NULL CHECK (burst BETWEEN 1 AND per_day),           -- elements
    level BIGINT NOT NULL CHECK (level BETWEEN 0 AND burst * 86400),     -- 86400ths of an element
    updated_s BIGINT NOT NULL CHECK (updated_s >= 0),                    -- since 1970
    added_s BIGINT NOT NULL CHECK (added_s >= 0)                         -- since 1970
);
COMMIT;

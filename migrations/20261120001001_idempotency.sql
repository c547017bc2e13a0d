-- Why: a caller who lost our answer sends the request again under the same Idempotency-Key and must
-- get the same answer and no second effect. A row is claimed before the work and gets its answer in
-- the transaction of the effect.
create table idempotency_key (
    company_id    uuid not null references company on delete cascade,
    -- The member, or the API key, who chose the key.
    caller        uuid not null,
    -- Method and path, as far as they fit.
    operation     text not null check (length(operation) <= 100),
    -- SHA-256 of operation and key: what a caller writes there may be personal, and long.
    key_hash      bytea not null check (length(key_hash) = 32),
    request_hash  bytea not null check (length(request_hash) = 32),
    -- Names the attempt that may answer; a later one fences it.
    claim_id      uuid not null,
    claimed_until timestamptz not null,
    -- Null until the work is done.
    status        smallint check (status between 200 and 299),
    -- Sealed with the company's data key: answers hold personal data, and one holds a secret. Null
    -- for an answer without a body.
    answer        bytea,
    created_at    timestamptz not null,
    primary key (company_id, caller, operation, key_hash)
);
create index idempotency_key_age on idempotency_key (company_id, created_at);

-- Why: scripts get in with a key that is exchanged for a short access token. A key acts as the
-- member who made it, with at most that member's role, and goes when the member goes.
create table api_key (
    company_id   uuid not null,
    key_id       uuid not null,
    member_id    uuid not null,
    name         text not null check (length(name) between 1 and 100),
    role         text not null check (role in ('owner', 'admin', 'golden_ticket', 'consultant')),
    -- The first letters of the key, to tell keys apart.
    hint         text not null check (length(hint) between 1 and 32),
    -- SHA-256 of the key, which has 178 random bits; the key itself is never stored.
    secret_hash  bytea not null check (length(secret_hash) = 32),
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    primary key (company_id, key_id),
    foreign key (company_id, member_id) references member on delete cascade
);
create index api_key_of_member on api_key (company_id, member_id);
-- Not unique: unique across companies, one company's key would be an oracle for another's. Looked
-- up at the door, where the company is not known yet.
create index api_key_secret on api_key (secret_hash);
create index api_key_by_id on api_key (key_id);

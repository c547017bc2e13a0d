-- Why: data keys are replaced online. A key that seals no more is `retiring` while something is
-- still sealed under it, then `retired`, and goes 30 days later; a rotation that was stopped knows
-- when it began, so that it goes on with the companies that have no newer key.
alter table company_dek drop constraint company_dek_state_check;
alter table company_dek
    add constraint company_dek_state_check check (state in ('active', 'retiring', 'retired'));
alter table company_dek add column retired_at timestamptz;

create table key_rotation (
    rotation_id uuid primary key,
    started_at  timestamptz not null default now(),
    finished_at timestamptz
);
-- One at a time: a second command joins the first.
create unique index key_rotation_one_open on key_rotation ((finished_at is null))
    where finished_at is null;

-- The key id is in every sealed value's header, so "what is still under this key" is derivable; the
-- index answers it without reading the values.
create index connection_access_key on connection (company_id, substring(access_token from 2 for 16))
    where access_token is not null;

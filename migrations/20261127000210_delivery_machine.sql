-- Why: what the machine of deliveries remembers between attempts: when the account's users and kinds
-- of activity were read, when it refused us a field for our marker, and which organization of ours or
-- which version of an activity an attempt is about.
alter table connection
    add column remote_users_at      timestamptz,
    add column remote_types_at      timestamptz,
    add column reference_refused_at timestamptz;
alter table delivery_attempt add column subject uuid, add column version int;
-- Attempts of which it is not known what became of them; few at any time.
create index delivery_attempt_open on delivery_attempt (company_id, step, delivery_id)
    where outcome in ('sending', 'unknown');

-- What deliveries use of the account's day is written down as theirs.
alter table budget_use drop constraint budget_use_purpose_check;
alter table budget_use add constraint budget_use_purpose_check
    check (purpose in ('import', 'browse', 'connect', 'delivery'));

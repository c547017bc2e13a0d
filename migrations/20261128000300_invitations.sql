-- Why: people come into a company by being asked. A pending invitation is a row here; an accepted, a
-- revoked or a withdrawn one is gone, and what became of it is in the audit log.
create table invitation (
    company_id    uuid not null references company on delete cascade,
    invitation_id uuid not null,
    email         text not null check (length(email) between 3 and 254),
    email_norm    text not null generated always as (lower(email)) stored,
    role          text not null check (role in ('owner', 'admin', 'golden_ticket', 'consultant')),
    -- Whose authority it stands on: it goes when they leave, or may not grant the role any more.
    invited_by    uuid not null,
    -- SHA-256 of the token in the last mail; null until it is sent.
    token_hash    bytea check (length(token_hash) = 32),
    created_at    timestamptz not null,
    sent_at       timestamptz,
    expires_at    timestamptz not null,
    primary key (company_id, invitation_id),
    constraint invitation_once unique (company_id, email_norm),
    foreign key (company_id, invited_by) references member on delete cascade
);
create index invitation_by_member on invitation (company_id, invited_by);
-- Not unique: unique across companies, one company's token would be an oracle for another's. Looked up
-- at the door, where the company is not known yet.
create index invitation_token on invitation (token_hash) where token_hash is not null;

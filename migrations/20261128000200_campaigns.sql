-- Why: campaigns say which contacts the team reaches out to, by what, and since when; and an activity
-- may say which campaign it was for, so that their performance can be counted from what was done.
create table campaign (
    company_id  uuid not null references company on delete cascade,
    campaign_id uuid not null,
    name        text not null check (length(name) between 1 and 120),
    description text not null default '',
    sector      text check (length(sector) between 1 and 120),
    theme       text check (length(theme) between 1 and 120),
    -- Whole days, both counted in; open where there is none.
    starts_on   date,
    ends_on     date,
    created_by  uuid,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (company_id, campaign_id),
    foreign key (company_id, created_by) references member on delete set null (created_by),
    constraint campaign_ends_after_it_starts check (ends_on >= starts_on)
);
create index campaign_of_member on campaign (company_id, created_by) where created_by is not null;

-- Who works on it.
create table campaign_member (
    company_id  uuid not null,
    campaign_id uuid not null,
    member_id   uuid not null,
    primary key (company_id, campaign_id, member_id),
    foreign key (company_id, campaign_id) references campaign on delete cascade,
    foreign key (company_id, member_id) references member on delete cascade
);
create index campaign_member_of_member on campaign_member (company_id, member_id);

-- Whom it reaches out to.
create table campaign_contact (
    company_id  uuid not null,
    campaign_id uuid not null,
    contact_id  uuid not null,
    -- By what they are to be reached; the words of `activity.kind`. Null: nobody has decided.
    outreach    text check (outreach in ('CALL', 'EMAIL', 'MEETING', 'LINKEDIN', 'REFERRAL', 'CONFERENCE')),
    note        text not null default '',
    added_by    uuid,
    added_at    timestamptz not null default now(),
    primary key (company_id, campaign_id, contact_id),
    foreign key (company_id, campaign_id) references campaign on delete cascade,
    foreign key (company_id, contact_id) references contact on delete cascade,
    foreign key (company_id, added_by) references member on delete set null (added_by)
);
create index campaign_contact_of_contact on campaign_contact (company_id, contact_id);
create index campaign_contact_by_time on campaign_contact (company_id, campaign_id, added_at desc, contact_id);
create index campaign_contact_of_member on campaign_contact (company_id, added_by)
    where added_by is not null;

-- `booked` says of a meeting whether it was agreed upon; without it, it was only asked for. What was
-- logged before had no word for that: those meetings are ahead or took place.
alter table activity
    add column campaign_id uuid,
    add column booked boolean not null default false,
    add foreign key (company_id, campaign_id) references campaign on delete set null (campaign_id);
create index activity_of_campaign on activity (company_id, campaign_id) where campaign_id is not null;
-- Row security is forced on whoever migrates as well, so it is eased for the one look at all rows.
alter table activity no force row level security;
update activity set booked = true where kind = 'MEETING';
alter table activity force row level security;

-- Why: whom to contact next is the best of all contacts by a score, and sorting a book of 100,000 for
-- it took 150 ms. Of each warmness (there are eleven) the score falls with the last contact, so the
-- best of each are the first of an index, and the best of all are among them.
--
-- Contacts that are cold and were never contacted stay out: they all score the same, and most of a
-- fresh import are such, which would pay for an index that says nothing about them.
create index contact_next on contact
    (company_id, warmness, last_contacted_at nulls first, contact_id)
    where warmness > 0 or last_contacted_at is not null;
-- The same for those who see or ask for the contacts of one member.
create index contact_next_of_owner on contact
    (company_id, owner_member_id, warmness, last_contacted_at nulls first, contact_id)
    where owner_member_id is not null and (warmness > 0 or last_contacted_at is not null);

-- Whom a member does not want to be reminded of for a while: theirs alone, colleagues still are.
create table contact_snooze (
    company_id uuid not null,
    member_id  uuid not null,
    contact_id uuid not null,
    until      timestamptz not null,
    primary key (company_id, member_id, contact_id),
    foreign key (company_id, member_id) references member on delete cascade,
    foreign key (company_id, contact_id) references contact on delete cascade
);
create index contact_snooze_of_contact on contact_snooze (company_id, contact_id);

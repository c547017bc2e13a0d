-- Why: reports must answer while somebody looks at them, and counting a million activities anew took
-- longer than a second. What they count is kept by the statements that change it, whoever runs them
-- (decision 37); what nobody kept so far, how warm the book was, is kept from now on.

-- Activities by the day (UTC) on which they happened or are due.
create table activity_day (
    company_id uuid not null references company on delete cascade,
    day        date not null,
    -- The nil uuid: of somebody who is no member any more.
    member_id  uuid not null,
    kind       text not null,
    logged     bigint not null,
    done       bigint not null,
    booked     bigint not null,
    primary key (company_id, day, member_id, kind)
);

-- One statement, its cells in the order of their key everywhere. Planned anew each time: see
-- `tandem_refers`. A company that goes takes its cells along.
create function tandem_tally_activities() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
begin
    execute format(
        'insert into activity_day (company_id, day, member_id, kind, logged, done, booked)
         select company_id, day, member_id, kind, logged, done, booked
         from (
             select company_id, (due_at at time zone ''UTC'')::date as day,
                    coalesce(member_id, ''00000000-0000-0000-0000-000000000000'') as member_id,
                    kind, sum(step) as logged, sum(step * done::int) as done,
                    sum(step * booked::int) as booked
             from (%s) as one
             group by 1, 2, 3, 4
         ) moved
         where (logged <> 0 or done <> 0 or booked <> 0)
           and exists (select from company where company.company_id = moved.company_id)
         order by company_id, day, member_id, kind
         on conflict (company_id, day, member_id, kind) do update
         set logged = activity_day.logged + excluded.logged,
             done = activity_day.done + excluded.done,
             booked = activity_day.booked + excluded.booked',
        concat_ws(' union all ',
            case when tg_op <> 'DELETE' then 'select *, 1 as step from written' end,
            case when tg_op <> 'INSERT' then 'select *, -1 as step from gone' end)
    );
    return null;
end
$$;
create trigger activity_tallies_when_inserted after insert on activity
    referencing new table as written
    for each statement execute function tandem_tally_activities();
create trigger activity_tallies_when_updated after update on activity
    referencing old table as gone new table as written
    for each statement execute function tandem_tally_activities();
create trigger activity_tallies_when_deleted after delete on activity
    referencing old table as gone
    for each statement execute function tandem_tally_activities();

-- What was done with a contact of a campaign, so that its performance is a sum over its contacts.
-- `first_done_at` is of the earliest done: from then on the contact counts as contacted.
alter table campaign_contact
    add column first_done_at      timestamptz,
    add column meetings_requested int not null default 0,
    add column meetings_booked    int not null default 0;

-- Counts anew for these contacts of these campaigns. Their rows are locked first and activities are
-- looked at afterwards: of two transactions that mean the same row, the second sees what the first has
-- committed. The rule of what counts is also `db::campaigns::contacts::COUNTS`; a test compares them.
create function tandem_recount_placed(companies uuid[], campaigns uuid[], contacts uuid[])
    returns void language plpgsql
    set search_path = pg_catalog, public
    set plan_cache_mode = force_custom_plan as $$
begin
    perform from campaign_contact placed
    join unnest(companies, campaigns, contacts) as one (company_id, campaign_id, contact_id)
        using (company_id, campaign_id, contact_id)
    order by placed.company_id, placed.campaign_id, placed.contact_id
    for update of placed;
    update campaign_contact
    set first_done_at = sums.first_done_at,
        meetings_requested = sums.requested,
        meetings_booked = sums.booked
    from unnest(companies, campaigns, contacts) as one (company_id, campaign_id, contact_id)
    join campaign_contact placed using (company_id, campaign_id, contact_id)
    join campaign using (company_id, campaign_id)
    cross join lateral (
        select min(activity.due_at) filter (where activity.done) as first_done_at,
               count(*) filter (where activity.kind = 'MEETING') as requested,
               count(*) filter (where activity.booked) as booked
        from activity
        where activity.company_id = placed.company_id
          and activity.contact_id = placed.contact_id
          and (
              activity.campaign_id = placed.campaign_id
              or activity.campaign_id is null
                 and activity.due_at >= coalesce(campaign.starts_on::timestamp at time zone 'UTC', placed.added_at)
                 and (campaign.ends_on is null
                      or activity.due_at < (campaign.ends_on + 1)::timestamp at time zone 'UTC')
          )
    ) sums
    where campaign_contact.company_id = one.company_id
      and campaign_contact.campaign_id = one.campaign_id
      and campaign_contact.contact_id = one.contact_id
      and (campaign_contact.first_done_at, campaign_contact.meetings_requested, campaign_contact.meetings_booked)
          is distinct from (sums.first_done_at, sums.requested, sums.booked);
end
$$;

-- Activities that came, went or changed in what counts; a subject that is written anew is nothing.
create function tandem_recount_activities() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
declare
    seen constant text := 'select company_id, activity_id, contact_id, campaign_id, kind, due_at, done, booked from ';
    changed constant text := case tg_op
        when 'INSERT' then seen || 'written'
        when 'DELETE' then seen || 'gone'
        else format('(%1$swritten except %1$sgone) union all (%1$sgone except %1$swritten)', seen)
    end;
    companies uuid[];
    campaigns uuid[];
    contacts uuid[];
begin
    execute 'select array_agg(company_id), array_agg(campaign_id), array_agg(contact_id)
             from (
                 select distinct placed.company_id, placed.campaign_id, placed.contact_id
                 from (' || changed || ') as changed
                 join campaign_contact placed using (company_id, contact_id)
             ) as one'
        into companies, campaigns, contacts;
    if companies is not null then
        perform tandem_recount_placed(companies, campaigns, contacts);
    end if;
    return null;
end
$$;
create trigger activity_recounts_when_inserted after insert on activity
    referencing new table as written
    for each statement execute function tandem_recount_activities();
create trigger activity_recounts_when_updated after update on activity
    referencing old table as gone new table as written
    for each statement execute function tandem_recount_activities();
create trigger activity_recounts_when_deleted after delete on activity
    referencing old table as gone
    for each statement execute function tandem_recount_activities();

create function tandem_recount_assigned() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
begin
    perform tandem_recount_placed(array_agg(company_id), array_agg(campaign_id), array_agg(contact_id))
    from written;
    return null;
end
$$;
create trigger campaign_contact_recounts after insert on campaign_contact
    referencing new table as written
    for each statement execute function tandem_recount_assigned();

create function tandem_recount_campaign() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
begin
    perform tandem_recount_placed(array_agg(company_id), array_agg(campaign_id), array_agg(contact_id))
    from campaign_contact
    where company_id = new.company_id and campaign_id = new.campaign_id;
    return null;
end
$$;
create trigger campaign_recounts after update of starts_on, ends_on on campaign
    for each row when (old.starts_on is distinct from new.starts_on or old.ends_on is distinct from new.ends_on)
    execute function tandem_recount_campaign();

-- How warm the book was: what came and went, by day, owner and warmness. Rows are only added, so that
-- nobody waits for anybody; those of past days are put together once in a while. The sum of all days up
-- to one is the book at its end.
create table warmness_change (
    company_id      uuid not null references company on delete cascade,
    day             date not null,
    change_id       uuid not null default gen_random_uuid(),
    -- The nil uuid: nobody's.
    owner_member_id uuid not null,
    warmness        smallint not null,
    contacts        bigint not null,
    primary key (company_id, day, change_id)
);

create function tandem_note_warmness() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
begin
    execute format(
        'insert into warmness_change (company_id, day, owner_member_id, warmness, contacts)
         select company_id, (now() at time zone ''UTC'')::date, owner_member_id, warmness, contacts
         from (
             select company_id,
                    coalesce(owner_member_id, ''00000000-0000-0000-0000-000000000000'') as owner_member_id,
                    warmness, sum(step) as contacts
             from (%s) as one
             group by 1, 2, 3
         ) moved
         where contacts <> 0
           and exists (select from company where company.company_id = moved.company_id)',
        case tg_op
            when 'INSERT' then 'select company_id, owner_member_id, warmness, 1 as step from written'
            else 'select company_id, owner_member_id, warmness, -1 as step from gone'
        end
    );
    return null;
end
$$;
create trigger contact_notes_warmness_when_inserted after insert on contact
    referencing new table as written
    for each statement execute function tandem_note_warmness();
-- By the row, and only where it matters: a contact is changed for many reasons, by every delivery and
-- every activity, and a statement's trigger would plan its SQL anew for each.
create function tandem_note_one_warmness() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
begin
    -- A company that goes takes its members along, and they let go of their contacts.
    insert into warmness_change (company_id, day, owner_member_id, warmness, contacts)
    select new.company_id, (now() at time zone 'UTC')::date,
           coalesce(owner, '00000000-0000-0000-0000-000000000000'), warmness, step
    from (values (old.owner_member_id, old.warmness, -1), (new.owner_member_id, new.warmness, 1))
        as moved (owner, warmness, step)
    where exists (select from company where company.company_id = new.company_id);
    return null;
end
$$;
create trigger contact_notes_warmness_when_updated after update of warmness, owner_member_id on contact
    for each row when (
        old.warmness is distinct from new.warmness
        or old.owner_member_id is distinct from new.owner_member_id
    )
    execute function tandem_note_one_warmness();
create trigger contact_notes_warmness_when_deleted after delete on contact
    referencing old table as gone
    for each statement execute function tandem_note_warmness();

-- What became of the deliveries of a period, from the index alone: it holds what the policy looks at, too.
create index delivery_by_day on delivery (company_id, created_at)
    include (contact_id, state, cause, delivered_at, requested_by);

-- Row security is forced on whoever migrates as well, so it is eased for the one look at all rows.
alter table activity no force row level security;
alter table campaign no force row level security;
alter table campaign_contact no force row level security;
alter table contact no force row level security;
insert into activity_day (company_id, day, member_id, kind, logged, done, booked)
select company_id, (due_at at time zone 'UTC')::date,
       coalesce(member_id, '00000000-0000-0000-0000-000000000000'), kind,
       count(*), count(*) filter (where done), count(*) filter (where booked)
from activity
group by 1, 2, 3, 4;
select tandem_recount_placed(array_agg(company_id), array_agg(campaign_id), array_agg(contact_id))
from campaign_contact;
insert into warmness_change (company_id, day, owner_member_id, warmness, contacts)
select company_id, (now() at time zone 'UTC')::date,
       coalesce(owner_member_id, '00000000-0000-0000-0000-000000000000'), warmness, count(*)
from contact
group by 1, 2, 3, 4;
alter table activity force row level security;
alter table campaign force row level security;
alter table campaign_contact force row level security;
alter table contact force row level security;

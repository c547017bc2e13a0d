-- Why: the card of a connection says how many contacts are linked, and counting them anew each time
-- read every mapping (70 ms at 100,000). The count is kept by the statements that change mappings,
-- whoever runs them.
create table connection_count (
    company_id      uuid not null,
    connection_id   uuid not null,
    -- Contacts with at least one linked person: several persons may be one contact.
    contacts_linked bigint not null default 0,
    primary key (company_id, connection_id),
    foreign key (company_id, connection_id) references connection on delete cascade
);

create function tandem_connection_comes() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
begin
    insert into connection_count (company_id, connection_id)
    values (new.company_id, new.connection_id);
    return null;
end
$$;
create trigger connection_comes after insert on connection
    for each row execute function tandem_connection_comes();

-- A statement adds the contacts whose first linked person it wrote and takes off those whose last
-- one it removed. The count is locked first and mappings are looked at afterwards: of two
-- transactions that write persons of one contact, the second sees what the first has committed.
-- Planned anew each time, and looked up by contact alone: see `tandem_refers`.
create function tandem_tally_linked() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
declare
    changed constant text := format(
        'with changed as materialized (
             select company_id, connection_id, contact_id, sum(step) as step
             from (%s) as one
             group by company_id, connection_id, contact_id
             having sum(step) <> 0
         ) ',
        concat_ws(' union all ',
            case when tg_op <> 'DELETE' then
                'select company_id, connection_id, contact_id, 1 as step from written
                 where kind = ''person'' and state = ''linked''' end,
            case when tg_op <> 'INSERT' then
                'select company_id, connection_id, contact_id, -1 as step from gone
                 where kind = ''person'' and state = ''linked''' end)
    );
    counts bigint;
begin
    execute changed || 'select from connection_count
        where (company_id, connection_id) in (select company_id, connection_id from changed)
        order by company_id, connection_id for update';
    get diagnostics counts = row_count;
    if counts = 0 then
        return null;
    end if;
    execute changed || ', moved as (
            select changed.company_id, changed.connection_id,
                   sum((persons > 0)::int - (persons - step > 0)::int) as by
            from changed cross join lateral (
                select count(*) filter (
                           where connection_id = changed.connection_id
                             and kind = ''person'' and state = ''linked''
                       ) as persons
                from mapping
                where mapping.company_id = changed.company_id
                  and mapping.contact_id = changed.contact_id
            ) as linked
            group by changed.company_id, changed.connection_id
        )
        update connection_count set contacts_linked = contacts_linked + moved.by
        from moved
        where connection_count.company_id = moved.company_id
          and connection_count.connection_id = moved.connection_id and moved.by <> 0';
    return null;
end
$$;
-- Named to run after those that check references.
create trigger mapping_tallies_when_inserted after insert on mapping
    referencing new table as written
    for each statement execute function tandem_tally_linked();
create trigger mapping_tallies_when_updated after update on mapping
    referencing old table as gone new table as written
    for each statement execute function tandem_tally_linked();
create trigger mapping_tallies_when_deleted after delete on mapping
    referencing old table as gone
    for each statement execute function tandem_tally_linked();

-- Row security is forced on whoever migrates as well, so it is eased for the one look at all rows.
alter table connection no force row level security;
alter table mapping no force row level security;
insert into connection_count (company_id, connection_id, contacts_linked)
select connection.company_id, connection.connection_id, count(distinct mapping.contact_id)
from connection
left join mapping
  on mapping.company_id = connection.company_id and mapping.connection_id = connection.connection_id
 and mapping.kind = 'person' and mapping.state = 'linked'
group by connection.company_id, connection.connection_id;
alter table connection force row level security;
alter table mapping force row level security;

-- Why: what a statement of many rows checks at once is planned anew each time, which for a statement of
-- one row was most of its cost: 2 ms for each mapping of a lead, 10 of the 16 ms that PostgreSQL spent on
-- it. One row is looked up by itself, with plans that are kept; they use an index however small a
-- table was when they were made.

-- Whether a single row that a key names is there, locked as a foreign key would lock it. What this very
-- transaction has written cannot go before it ends, and is not locked.
create function tandem_is_there(refers text, in_company uuid, named uuid) returns boolean
    language plpgsql set enable_seqscan = off set search_path = pg_catalog, public as $$
begin
    case refers
        when 'contact' then
            perform from contact where company_id = in_company and contact_id = named
                and xmin = pg_current_xact_id()::xid;
            if not found then
                perform from contact where company_id = in_company and contact_id = named
                    for key share;
            end if;
        when 'organization' then
            perform from organization where company_id = in_company and organization_id = named
                and xmin = pg_current_xact_id()::xid;
            if not found then
                perform from organization where company_id = in_company and organization_id = named
                    for key share;
            end if;
        when 'member' then
            perform from member where company_id = in_company and member_id = named for key share;
        when 'connection' then
            perform from connection where company_id = in_company and connection_id = named
                for key share;
    end case;
    return found;
end
$$;

create or replace function tandem_refers() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
declare
    one record;
    several boolean;
    named uuid;
    missing boolean;
begin
    select count(*) > 1 into several from (select from written limit 2) as first_two;
    if not several then
        select * into one from written;
        if not found then
            return null;
        end if;
    end if;
    for at in 0 .. tg_nargs - 1 by 3 loop
        if several then
            execute format(
                'with named as materialized (
                     select distinct company_id, %1$I as id from written where %1$I is not null
                 ), ours as materialized (
                     select named.company_id, named.id from named cross join lateral (
                         select from %2$I referred
                         where %4$s referred.company_id = named.company_id
                           and referred.%3$I = named.id and referred.xmin = pg_current_xact_id()::xid
                         offset 0
                     ) as referred
                 ), theirs as (
                     select from (
                         select company_id, id from named except all select company_id, id from ours
                     ) as named
                     cross join lateral (
                         select from %2$I referred
                         where referred.company_id = named.company_id and referred.%3$I = named.id
                         for key share of referred
                     ) as referred
                 )
                 select (select count(*) from named)
                     <> (select count(*) from ours) + (select count(*) from theirs)',
                tg_argv[at], tg_argv[at + 1], tg_argv[at + 2],
                case when tg_table_name = 'contact' then 'false and' else '' end
            ) into missing;
        else
            -- A statement for each: a row has only some of these.
            case tg_argv[at]
                when 'contact_id' then named := one.contact_id;
                when 'organization_id' then named := one.organization_id;
                when 'owner_member_id' then named := one.owner_member_id;
                when 'connection_id' then named := one.connection_id;
            end case;
            missing := named is not null
                and not tandem_is_there(tg_argv[at + 1], one.company_id, named);
        end if;
        if missing then
            raise foreign_key_violation using
                message = format(
                    'insert or update on table "%1$s" violates foreign key constraint "%1$s_%2$s_refers"',
                    tg_table_name, tg_argv[at]
                ),
                constraint = format('%s_%s_refers', tg_table_name, tg_argv[at]),
                table = tg_table_name;
        end if;
    end loop;
    return null;
end
$$;

-- The same for the count of linked contacts: one person that is new, and one whose link stays as it was.
create function tandem_count_linked(in_company uuid, at_connection uuid, of_contact uuid) returns void
    language plpgsql set enable_seqscan = off set search_path = pg_catalog, public as $$
begin
    perform from connection_count
        where company_id = in_company and connection_id = at_connection for update;
    update connection_count set contacts_linked = contacts_linked + 1
    where company_id = in_company and connection_id = at_connection
      and 1 = (
          select count(*) from mapping
          where mapping.company_id = in_company and mapping.contact_id = of_contact
            and mapping.connection_id = at_connection
            and kind = 'person' and state = 'linked'
      );
end
$$;

create or replace function tandem_tally_linked() returns trigger language plpgsql
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
    several boolean := true;
    one record;
    was record;
begin
    if tg_op <> 'DELETE' then
        select count(*) > 1 into several from (select from written limit 2) as first_two;
    end if;
    if not several then
        select * into one from written;
        if not found or one.kind <> 'person' then
            return null;
        end if;
        if tg_op = 'INSERT' then
            if one.state = 'linked' then
                perform tandem_count_linked(one.company_id, one.connection_id, one.contact_id);
            end if;
            return null;
        end if;
        select * into was from gone;
        if (was.kind, was.state, was.connection_id, was.contact_id)
            is not distinct from (one.kind, one.state, one.connection_id, one.contact_id) then
            return null;
        end if;
    end if;
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

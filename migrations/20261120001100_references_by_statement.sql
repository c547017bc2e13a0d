-- Why: PostgreSQL looks up every row of a foreign key on its own, which was a quarter of what an
-- import costs it (5 to 9 microseconds a row, seven of them a person). The bulk tables of the book
-- check the same references once per statement, for all its rows together, with the same locks and
-- the same error; what a foreign key does when the referenced row goes is done by its own trigger.

alter table contact
    drop constraint contact_company_id_organization_id_fkey,
    drop constraint contact_company_id_owner_member_id_fkey;
alter table identifier drop constraint identifier_company_id_contact_id_fkey;
alter table mapping
    drop constraint mapping_company_id_connection_id_fkey,
    drop constraint mapping_company_id_contact_id_fkey,
    drop constraint mapping_company_id_organization_id_fkey;
alter table remote_deal drop constraint remote_deal_company_id_connection_id_fkey;

-- Arguments in threes: the column, the table it refers to, that table's column. Counts the distinct
-- keys that are named and those that are there; what is there is locked as a foreign key would lock
-- it, so that nobody deletes it before we commit. Planned anew each time: a plan that was made while
-- the other table was small would read all of it for every key.
create function tandem_refers() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
declare
    missing boolean;
begin
    for at in 0 .. tg_nargs - 1 by 3 loop
        execute format(
            'with named as materialized (
                 select distinct company_id, %1$I as id from written where %1$I is not null
             ), there as (
                 select from named cross join lateral (
                     select from %2$I referred
                     where referred.company_id = named.company_id and referred.%3$I = named.id
                     for key share of referred
                 ) as referred
             )
             select (select count(*) from named) <> (select count(*) from there)',
            tg_argv[at], tg_argv[at + 1], tg_argv[at + 2]
        ) into missing;
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

-- PostgreSQL wants a trigger of its own for each event that has a table of new rows.
create trigger contact_refers_when_inserted after insert on contact
    referencing new table as written for each statement execute function tandem_refers(
        'organization_id', 'organization', 'organization_id',
        'owner_member_id', 'member', 'member_id');
create trigger contact_refers_when_updated after update on contact
    referencing new table as written for each statement execute function tandem_refers(
        'organization_id', 'organization', 'organization_id',
        'owner_member_id', 'member', 'member_id');
create trigger identifier_refers_when_inserted after insert on identifier
    referencing new table as written for each statement execute function tandem_refers(
        'contact_id', 'contact', 'contact_id');
create trigger identifier_refers_when_updated after update on identifier
    referencing new table as written for each statement execute function tandem_refers(
        'contact_id', 'contact', 'contact_id');
create trigger mapping_refers_when_inserted after insert on mapping
    referencing new table as written for each statement execute function tandem_refers(
        'contact_id', 'contact', 'contact_id',
        'organization_id', 'organization', 'organization_id',
        'connection_id', 'connection', 'connection_id');
create trigger mapping_refers_when_updated after update on mapping
    referencing new table as written for each statement execute function tandem_refers(
        'contact_id', 'contact', 'contact_id',
        'organization_id', 'organization', 'organization_id',
        'connection_id', 'connection', 'connection_id');
create trigger remote_deal_refers_when_inserted after insert on remote_deal
    referencing new table as written for each statement execute function tandem_refers(
        'connection_id', 'connection', 'connection_id');
create trigger remote_deal_refers_when_updated after update on remote_deal
    referencing new table as written for each statement execute function tandem_refers(
        'connection_id', 'connection', 'connection_id');

-- Before the row goes, so that row security still shows what hangs on it.
create function tandem_contact_goes() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
begin
    delete from identifier where company_id = old.company_id and contact_id = old.contact_id;
    delete from mapping where company_id = old.company_id and contact_id = old.contact_id;
    return old;
end
$$;
create trigger contact_goes before delete on contact
    for each row execute function tandem_contact_goes();

create function tandem_organization_goes() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
begin
    update contact set organization_id = null
    where company_id = old.company_id and organization_id = old.organization_id;
    delete from mapping where company_id = old.company_id and organization_id = old.organization_id;
    return old;
end
$$;
create trigger organization_goes before delete on organization
    for each row execute function tandem_organization_goes();

create function tandem_member_goes() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
begin
    update contact set owner_member_id = null
    where company_id = old.company_id and owner_member_id = old.member_id;
    return old;
end
$$;
create trigger member_goes before delete on member
    for each row execute function tandem_member_goes();

create function tandem_connection_goes() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
begin
    delete from mapping where company_id = old.company_id and connection_id = old.connection_id;
    delete from remote_deal where company_id = old.company_id and connection_id = old.connection_id;
    return old;
end
$$;
create trigger connection_goes before delete on connection
    for each row execute function tandem_connection_goes();

-- A key that others refer to is never changed.
create function tandem_key_stays() returns trigger language plpgsql
    set search_path = pg_catalog as $$
begin
    raise foreign_key_violation using
        message = format('the key of a row of %s does not change', tg_table_name),
        table = tg_table_name;
end
$$;
create trigger contact_key_stays before update of company_id, contact_id on contact
    for each row when (old.company_id <> new.company_id or old.contact_id <> new.contact_id)
    execute function tandem_key_stays();
create trigger organization_key_stays before update of company_id, organization_id on organization
    for each row when (old.company_id <> new.company_id or old.organization_id <> new.organization_id)
    execute function tandem_key_stays();
create trigger member_key_stays before update of company_id, member_id on member
    for each row when (old.company_id <> new.company_id or old.member_id <> new.member_id)
    execute function tandem_key_stays();
create trigger connection_key_stays before update of company_id, connection_id on connection
    for each row when (old.company_id <> new.company_id or old.connection_id <> new.connection_id)
    execute function tandem_key_stays();

-- Trigrams wait in a list and enter their index 16 MB at a time (4 MB before): entering many at once
-- is cheaper per contact. A search reads what waits, 7 ms for a full list.
alter index contact_search set (gin_pending_list_limit = 16384);

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

-- Each check counts the distinct keys that are named and those that are there; what is there is
-- locked as a foreign key would lock it, so that nobody deletes it before we commit. The plans are
-- kept by the session and may have been made while a table was empty: never by reading all of it.
create function tandem_contact_refers() returns trigger language plpgsql
    set search_path = pg_catalog, public set enable_seqscan = off as $$
begin
    if (
        with named as materialized (
            select distinct company_id, organization_id from written
            where organization_id is not null
        ), there as (
            select from named cross join lateral (
                select from organization r
                where r.company_id = named.company_id
                  and r.organization_id = named.organization_id
                for key share of r
            ) as r
        )
        select (select count(*) from named) <> (select count(*) from there)
    ) then
        raise foreign_key_violation using
            message = 'a contact names an organization that is not there',
            constraint = 'contact_refers_to_organization', table = 'contact';
    end if;
    if (
        with named as materialized (
            select distinct company_id, owner_member_id from written
            where owner_member_id is not null
        ), there as (
            select from named cross join lateral (
                select from member r
                where r.company_id = named.company_id and r.member_id = named.owner_member_id
                for key share of r
            ) as r
        )
        select (select count(*) from named) <> (select count(*) from there)
    ) then
        raise foreign_key_violation using
            message = 'a contact names an owner who is not there',
            constraint = 'contact_refers_to_member', table = 'contact';
    end if;
    return null;
end
$$;

create function tandem_identifier_refers() returns trigger language plpgsql
    set search_path = pg_catalog, public set enable_seqscan = off as $$
begin
    if (
        with named as materialized (
            select distinct company_id, contact_id from written
        ), there as (
            select from named cross join lateral (
                select from contact r
                where r.company_id = named.company_id and r.contact_id = named.contact_id
                for key share of r
            ) as r
        )
        select (select count(*) from named) <> (select count(*) from there)
    ) then
        raise foreign_key_violation using
            message = 'an identifier names a contact that is not there',
            constraint = 'identifier_refers_to_contact', table = 'identifier';
    end if;
    return null;
end
$$;

create function tandem_mapping_refers() returns trigger language plpgsql
    set search_path = pg_catalog, public set enable_seqscan = off as $$
begin
    if (
        with named as materialized (
            select distinct company_id, contact_id from written where contact_id is not null
        ), there as (
            select from named cross join lateral (
                select from contact r
                where r.company_id = named.company_id and r.contact_id = named.contact_id
                for key share of r
            ) as r
        )
        select (select count(*) from named) <> (select count(*) from there)
    ) then
        raise foreign_key_violation using
            message = 'a mapping names a contact that is not there',
            constraint = 'mapping_refers_to_contact', table = 'mapping';
    end if;
    if (
        with named as materialized (
            select distinct company_id, organization_id from written
            where organization_id is not null
        ), there as (
            select from named cross join lateral (
                select from organization r
                where r.company_id = named.company_id
                  and r.organization_id = named.organization_id
                for key share of r
            ) as r
        )
        select (select count(*) from named) <> (select count(*) from there)
    ) then
        raise foreign_key_violation using
            message = 'a mapping names an organization that is not there',
            constraint = 'mapping_refers_to_organization', table = 'mapping';
    end if;
    if (
        with named as materialized (
            select distinct company_id, connection_id from written
        ), there as (
            select from named cross join lateral (
                select from connection r
                where r.company_id = named.company_id and r.connection_id = named.connection_id
                for key share of r
            ) as r
        )
        select (select count(*) from named) <> (select count(*) from there)
    ) then
        raise foreign_key_violation using
            message = 'a mapping names a connection that is not there',
            constraint = 'mapping_refers_to_connection', table = 'mapping';
    end if;
    return null;
end
$$;

create function tandem_remote_deal_refers() returns trigger language plpgsql
    set search_path = pg_catalog, public set enable_seqscan = off as $$
begin
    if (
        with named as materialized (
            select distinct company_id, connection_id from written
        ), there as (
            select from named cross join lateral (
                select from connection r
                where r.company_id = named.company_id and r.connection_id = named.connection_id
                for key share of r
            ) as r
        )
        select (select count(*) from named) <> (select count(*) from there)
    ) then
        raise foreign_key_violation using
            message = 'a deal names a connection that is not there',
            constraint = 'remote_deal_refers_to_connection', table = 'remote_deal';
    end if;
    return null;
end
$$;

-- PostgreSQL wants one trigger for each event that has a table of new rows.
create trigger contact_refers_when_inserted after insert on contact
    referencing new table as written
    for each statement execute function tandem_contact_refers();
create trigger contact_refers_when_updated after update on contact
    referencing new table as written
    for each statement execute function tandem_contact_refers();
create trigger identifier_refers_when_inserted after insert on identifier
    referencing new table as written
    for each statement execute function tandem_identifier_refers();
create trigger identifier_refers_when_updated after update on identifier
    referencing new table as written
    for each statement execute function tandem_identifier_refers();
create trigger mapping_refers_when_inserted after insert on mapping
    referencing new table as written
    for each statement execute function tandem_mapping_refers();
create trigger mapping_refers_when_updated after update on mapping
    referencing new table as written
    for each statement execute function tandem_mapping_refers();
create trigger remote_deal_refers_when_inserted after insert on remote_deal
    referencing new table as written
    for each statement execute function tandem_remote_deal_refers();
create trigger remote_deal_refers_when_updated after update on remote_deal
    referencing new table as written
    for each statement execute function tandem_remote_deal_refers();

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

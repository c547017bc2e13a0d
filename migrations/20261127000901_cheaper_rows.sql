-- Why: rows of the book that an import writes, made cheaper.

-- What this very transaction has written cannot go before it ends, so it is looked for and not locked:
-- a lock writes to the row and to the log, and was paid for each new contact twice. Contacts refer
-- to what was there before, so nothing is looked for there. A row of a subtransaction is locked, as before.
create or replace function tandem_refers() returns trigger language plpgsql
    set search_path = pg_catalog, public as $$
declare
    missing boolean;
begin
    for at in 0 .. tg_nargs - 1 by 3 loop
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

-- Most contacts of a fresh import belong to nobody, and nobody asks for those in an order by owner.
drop index contact_by_owner;
create index contact_by_owner on contact (company_id, owner_member_id, contact_id)
    where owner_member_id is not null;

-- Lists of ids are written once and read once or never: compressing them costs more than it saves.
alter table sync_seen alter column remote_ids set storage external;
alter table sync_entry
    alter column remote_ids set storage external,
    alter column contact_ids set storage external;

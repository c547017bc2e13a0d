//! What must be true of every table, view, function and grant, read from Postgres itself. Each rule
//! is proven by breaking it.

use sqlx::{PgConnection, Row};

use crate::harness::TestHub;

/// A rule: the query lists what breaks it.
struct Rule {
    name: &'static str,
    broken: &'static str,
}

/// Tables that a tenant may touch.
const TENANT_TABLES: &str = "with tenant_table as (
    select c.oid, c.relname
    from pg_class c
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
      and has_any_column_privilege('tandem_tenant', c.oid, 'select, insert, update, references')
) ";

const RULES: &[Rule] = &[
    Rule {
        name: "row security is on and forced",
        broken: "select relname from pg_class
                 where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
                   and relname <> '_sqlx_migrations'
                   and not (relrowsecurity and relforcerowsecurity)",
    },
    Rule {
        name: "a tenant table carries its company",
        broken: "select relname from tenant_table
                 where not exists (select from pg_attribute a
                                   where a.attrelid = oid and attname = 'company_id'
                                     and attnotnull and atttypid = 'uuid'::regtype)",
    },
    Rule {
        name: "tenants pass one permissive policy, the company's",
        broken: "select relname from tenant_table t
                 where 1 <> (select count(*) from pg_policy p
                             where polrelid = t.oid and polpermissive and polcmd = '*'
                               and polroles = array['tandem_tenant'::regrole::oid]
                               and pg_get_expr(polqual, polrelid) = pg_get_expr(polwithcheck, polrelid)
                               and pg_get_expr(polqual, polrelid) like
                                   '(company_id = ( SELECT (current_setting(''tandem.company_id''::text))::uuid AS current_setting))')
                    or 1 <> (select count(*) from pg_policy p
                             where polrelid = t.oid and polpermissive
                               and ('tandem_tenant'::regrole::oid = any(polroles) or 0 = any(polroles)))",
    },
    Rule {
        name: "no policy is for everybody or for the login",
        broken: "select polrelid::regclass || ' ' || polname from pg_policy
                 where 0 = any(polroles) or 'tandem_login'::regrole::oid = any(polroles)",
    },
    Rule {
        name: "keys start with the company",
        broken: "select i.indexrelid::regclass::text
                 from tenant_table t join pg_index i on i.indrelid = t.oid
                 where (indisunique or indisexclusion)
                   and indkey[0] is distinct from (select attnum from pg_attribute
                                                   where attrelid = t.oid and attname = 'company_id')",
    },
    Rule {
        name: "references start with the company on both sides",
        broken: "select conrelid::regclass || ' ' || conname
                 from pg_constraint k
                 join tenant_table t on t.oid = confrelid
                 where contype = 'f'
                   and not exists (
                       select from pg_attribute mine, pg_attribute theirs
                       where mine.attrelid = conrelid and mine.attnum = conkey[1]
                         and theirs.attrelid = confrelid and theirs.attnum = confkey[1]
                         and mine.attname = 'company_id' and theirs.attname = 'company_id')",
    },
    Rule {
        name: "a reference that empties itself leaves the company alone",
        broken: "select conrelid::regclass || ' ' || conname
                 from pg_constraint k
                 where contype = 'f' and connamespace = 'public'::regnamespace
                   and (confdeltype in ('n', 'd') and (confdelsetcols is null or exists (
                           select from pg_attribute
                           where attrelid = conrelid and attname = 'company_id'
                             and attnum = any(confdelsetcols)))
                        or confupdtype in ('n', 'd'))
                   and conrelid in (select oid from tenant_table)",
    },
    Rule {
        name: "no views: they read as their owner",
        broken: "select relname from pg_class
                 where relkind in ('v', 'm', 'f') and relnamespace = 'public'::regnamespace
                   and not (relkind = 'v' and coalesce(reloptions::text, '') like '%security_invoker=true%')
                   and not exists (select from pg_depend
                                   where classid = 'pg_class'::regclass and objid = pg_class.oid
                                     and deptype = 'e')",
    },
    Rule {
        name: "no function runs as somebody else",
        broken: "select p.oid::regprocedure::text from pg_proc p
                 where prosecdef and pronamespace = 'public'::regnamespace
                   and p.oid::regprocedure::text <> 'tandem_search_contacts(text,integer)'",
    },
    Rule {
        name: "the search runs as a role without powers, from a fixed place, for tenants alone",
        broken: "select 'tandem_search_contacts' where not exists (
                     select from pg_proc p join pg_roles r on r.oid = proowner
                     where p.oid = to_regprocedure('tandem_search_contacts(text,integer)')
                       and rolname = 'tandem_search' and not rolcanlogin
                       and 'search_path=pg_catalog, public' = any(proconfig)
                       and not has_function_privilege('public', p.oid, 'execute')
                       and not has_function_privilege('tandem_login', p.oid, 'execute')
                       and has_function_privilege('tandem_tenant', p.oid, 'execute'))",
    },
    Rule {
        name: "no sequences: they count for all companies together",
        broken: "select relname from pg_class
                 where relkind = 'S' and relnamespace = 'public'::regnamespace",
    },
    Rule {
        name: "nothing lies outside the schema that is looked at",
        broken: "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = relnamespace
                 where relkind in ('r', 'p', 'v', 'm', 'f', 'S')
                   and nspname not in ('public', 'pg_catalog', 'information_schema', 'pg_toast')
                   and nspname not like 'pg\\_temp%' and nspname not like 'pg\\_toast%'",
    },
    Rule {
        name: "grants are those that the rooms need",
        broken: "select format('%s may %s %s', coalesce(r.rolname, 'everybody'), lower(privilege_type), relname)
                 from pg_class c
                 cross join lateral aclexplode(relacl) a
                 left join pg_roles r on r.oid = a.grantee
                 where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
                   and (a.grantee = 0 or r.rolname like 'tandem\\_%')
                   -- Whoever owns the tables may do everything with them, whatever its name.
                   and a.grantee <> c.relowner
                   and (
                       privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
                       and (
                           r.rolname = 'tandem_tenant'
                               and not (relname in ('audit_log', 'audit_seal') and privilege_type in ('UPDATE', 'DELETE'))
                               and not (relname in ('company', 'book') and privilege_type in ('INSERT', 'DELETE'))
                           or r.rolname = 'tandem_runner' and relname = 'lane' and privilege_type in ('SELECT', 'UPDATE')
                           or r.rolname = 'tandem_runner' and relname = 'job' and privilege_type <> 'INSERT'
                           or r.rolname = 'tandem_door' and relname in
                               ('app_user', 'session', 'signup', 'password_reset', 'door_mail', 'master_key',
                                'key_rotation', 'pending_installation', 'second_factor', 'recovery_code')
                           or r.rolname = 'tandem_door' and relname in ('company', 'member')
                               and privilege_type in ('SELECT', 'INSERT')
                           or r.rolname = 'tandem_door' and relname in ('book', 'audit_log')
                               and privilege_type = 'INSERT'
                           or r.rolname = 'tandem_door' and relname = 'invitation'
                               and privilege_type = 'DELETE'
                           or r.rolname = 'tandem_search' and relname = 'contact' and privilege_type = 'SELECT'
                           or r.rolname = 'tandem_login' and relname = '_sqlx_migrations'
                               and privilege_type = 'SELECT'
                       )
                   ) is not true",
    },
    Rule {
        name: "grants of columns are those that the rooms need",
        broken: "select format('%s may %s %s.%s', coalesce(r.rolname, 'everybody'),
                               lower(privilege_type), attrelid::regclass, attname)
                 from pg_attribute
                 join pg_class c on c.oid = attrelid and relnamespace = 'public'::regnamespace
                 cross join lateral aclexplode(attacl) a
                 left join pg_roles r on r.oid = a.grantee
                 where (r.rolname = 'tandem_runner' and relname = 'company'
                            and attname = 'company_id' and privilege_type = 'SELECT'
                        or r.rolname = 'tandem_runner' and relname = 'poll' and privilege_type = 'SELECT'
                            and attname in ('company_id', 'connection_id', 'due_at')
                        or r.rolname = 'tandem_door' and relname = 'api_key'
                            and (privilege_type = 'SELECT' and attname not in ('name', 'hint', 'created_at')
                                 or privilege_type = 'UPDATE' and attname = 'last_used_at')
                        or r.rolname = 'tandem_door' and relname = 'invitation'
                            and privilege_type = 'SELECT'
                            and attname not in ('email_norm', 'created_at', 'sent_at')
                        or r.rolname = 'tandem_door' and relname = 'billing_account'
                            and privilege_type = 'SELECT'
                            and attname in ('company_id', 'customer_id', 'livemode')
                        or r.rolname = 'tandem_door' and relname = 'hook_channel'
                            and privilege_type = 'SELECT'
                            and attname in ('company_id', 'connection_id', 'token_hash',
                                            'secret_hash')
                        or r.rolname = 'tandem_door' and relname = 'connection'
                            and privilege_type = 'SELECT'
                            and attname in ('company_id', 'connection_id', 'provider', 'account_id',
                                            'account_user_id', 'state')) is not true",
    },
    Rule {
        name: "nothing is granted in advance",
        broken: "select defaclobjtype::text || ' by default' from pg_default_acl",
    },
    Rule {
        name: "our roles have no powers and nobody of ours owns a table",
        broken: "select rolname from pg_roles r
                 where rolname like 'tandem\\_%'
                   -- Whoever migrates owns everything, whatever its name.
                   and r.oid <> (select relowner from pg_class where oid = 'company'::regclass)
                   and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
                        or (rolcanlogin <> (rolname = 'tandem_login'))
                        or exists (select from pg_class where relowner = r.oid))",
    },
    Rule {
        name: "the login takes roles on and inherits nothing",
        broken: "select 'tandem_login' from pg_roles
                 where rolname = 'tandem_login'
                   and (rolinherit or array(
                           select m.roleid::regrole::text from pg_auth_members m
                           where member = pg_roles.oid order by 1
                       ) <> array['tandem_door', 'tandem_runner', 'tandem_tenant'])",
    },
];

/// Everything that breaks a rule, as `rule: thing`.
async fn broken(conn: &mut PgConnection) -> Vec<String> {
    let mut found = Vec::new();
    for rule in RULES {
        let sql = format!("{TENANT_TABLES}{}", rule.broken);
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *conn).await;
        let rows = rows.unwrap_or_else(|error| panic!("{}: {error}", rule.name));
        found.extend(rows.iter().map(|row| format!("{}: {}", rule.name, row.get::<String, _>(0))));
    }
    found
}

#[tokio::test]
async fn the_schema_leaks_nowhere() {
    let hub = TestHub::new().await;
    let mut conn = hub.owner.acquire().await.unwrap();
    assert_eq!(broken(&mut conn).await, Vec::<String>::new());
}

/// A tenant table as it should be, and after that the mistake.
const GOOD: &str = "create table note (
        company_id uuid not null references company, note_id uuid not null, contact_id uuid,
        primary key (company_id, note_id),
        foreign key (company_id, contact_id) references contact on delete set null (contact_id)
    );
    call tandem_protect('note');";

/// `(rule, mistake)`: each is one that somebody will make.
const MISTAKES: &[(&str, &str)] = &[
    ("row security is on and forced", "create table bare (company_id uuid primary key)"),
    ("row security is on and forced", "alter table note no force row level security"),
    ("row security is on and forced", "alter table contact disable row level security"),
    (
        "a tenant table carries its company",
        "create table lost (lost_id uuid); alter table lost enable row level security;
         alter table lost force row level security; grant select on lost to tandem_tenant",
    ),
    (
        "a tenant table carries its company",
        "alter table note drop constraint note_pkey; alter table note alter company_id drop not null",
    ),
    ("tenants pass one permissive policy", "drop policy of_the_company on note"),
    (
        "tenants pass one permissive policy",
        "create policy wide on note for select to tandem_tenant using (true)",
    ),
    ("tenants pass one permissive policy", "alter policy of_the_company on note with check (true)"),
    (
        "tenants pass one permissive policy",
        "alter policy of_the_company on note using
             (company_id = (select nullif(current_setting('tandem.company_id', true), '')::uuid))",
    ),
    ("no policy is for everybody", "create policy all_of_them on note using (false)"),
    ("no policy is for everybody", "create policy l on note to tandem_login using (false)"),
    ("keys start with the company", "alter table note add unique (note_id)"),
    ("keys start with the company", "create unique index on note (contact_id, company_id)"),
    ("keys start with the company", "create unique index on note (lower(note_id::text))"),
    (
        "references start with the company",
        "create table lead (lead_id uuid primary key); call tandem_protect('contact');
         create unique index on contact (contact_id);
         alter table note add foreign key (contact_id) references contact (contact_id)",
    ),
    (
        "references start with the company",
        "create unique index on contact (contact_id, company_id);
         alter table note add foreign key (contact_id, company_id)
             references contact (contact_id, company_id)",
    ),
    (
        "a reference that empties itself",
        "alter table note add constraint whole foreign key (company_id, contact_id)
             references contact on delete set null",
    ),
    ("no views", "create view everybody as select * from contact"),
    ("no views", "create materialized view everybody as select * from contact"),
    (
        "no function runs as somebody else",
        "create function peek() returns bigint language sql security definer
             as 'select count(*) from contact'",
    ),
    (
        "no function runs as somebody else",
        "create function tandem_search_contacts(text) returns bigint language sql security definer
             as 'select 1::bigint'",
    ),
    (
        "the search runs as a role without powers",
        "alter function tandem_search_contacts(text, int) reset search_path",
    ),
    (
        "the search runs as a role without powers",
        "grant execute on function tandem_search_contacts(text, int) to public",
    ),
    (
        "the search runs as a role without powers",
        "alter function tandem_search_contacts(text, int) owner to current_user",
    ),
    ("no sequences", "create sequence invoice_number"),
    ("no sequences", "alter table note add number bigint generated always as identity"),
    ("nothing lies outside", "create schema reporting; create table reporting.copy (a int)"),
    ("grants are those", "grant truncate on note to tandem_tenant"),
    ("grants are those", "grant references on note to tandem_tenant"),
    ("grants are those", "grant trigger on note to tandem_tenant"),
    ("grants are those", "grant select on note to public"),
    ("grants are those", "grant select on contact to tandem_runner"),
    ("grants are those", "grant select on contact to tandem_door"),
    ("grants are those", "grant select on contact to tandem_login"),
    ("grants are those", "grant update on audit_log to tandem_tenant"),
    ("grants are those", "grant delete on audit_seal to tandem_tenant"),
    ("grants of columns", "grant select (full_name) on contact to tandem_runner"),
    ("grants of columns", "grant select (name) on company to public"),
    ("grants of columns", "grant select (name) on api_key to tandem_door"),
    ("grants of columns", "grant update (role) on api_key to tandem_door"),
    ("grants of columns", "grant select (remote_id) on hook_channel to tandem_door"),
    (
        "nothing is granted in advance",
        "alter default privileges in schema public grant select on tables to tandem_tenant",
    ),
    ("our roles have no powers", "alter role tandem_tenant bypassrls"),
    ("our roles have no powers", "alter table note owner to tandem_tenant"),
    ("our roles have no powers", "alter role tandem_search login"),
    ("the login takes roles on", "alter role tandem_login inherit"),
    ("the login takes roles on", "grant tandem_search to tandem_login"),
];

#[tokio::test]
async fn every_rule_notices_the_mistakes_it_is_there_for() {
    let hub = TestHub::new().await;
    let mut conn = hub.owner.acquire().await.unwrap();
    let mut unproven: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    for &(rule, mistake) in MISTAKES {
        // Roles belong to the cluster: nothing of this may outlive the transaction.
        sqlx::raw_sql("begin").execute(&mut *conn).await.unwrap();
        sqlx::raw_sql(GOOD).execute(&mut *conn).await.unwrap();
        assert_eq!(broken(&mut conn).await, Vec::<String>::new(), "before {mistake}");
        let made = sqlx::raw_sql(mistake).execute(&mut *conn).await;
        made.unwrap_or_else(|error| panic!("{mistake}: {error}"));
        let found = broken(&mut conn).await;
        assert!(found.iter().any(|broken| broken.starts_with(rule)), "{mistake}: {found:?}");
        unproven.retain(|name| !name.starts_with(rule));
        sqlx::raw_sql("rollback").execute(&mut *conn).await.unwrap();
    }
    assert_eq!(unproven, Vec::<&str>::new(), "rules that no mistake proves");
}

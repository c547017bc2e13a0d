-- The door: what must be read before a company is known.
call tandem_door_only('app_user');
call tandem_door_only('session');
call tandem_door_only('signup');
call tandem_door_only('password_reset');
call tandem_door_only('door_mail');
call tandem_door_only('master_key');
call tandem_door_only('key_rotation');

-- Sign-in lists the companies of a user; a confirmed sign-up makes one.
drop policy if exists door on company;
create policy door on company for all to tandem_door using (true) with check (true);
grant select, insert on company to tandem_door;

drop policy if exists door on book;
create policy door on book for insert to tandem_door with check (true);
grant insert on book to tandem_door;

drop policy if exists door on member;
create policy door on member for all to tandem_door using (true) with check (true);
grant select, insert on member to tandem_door;

-- Entering and leaving a company is written down where it happens; reading the log is not for here.
drop policy if exists door on audit_log;
create policy door on audit_log for insert to tandem_door with check (true);
grant insert on audit_log to tandem_door;

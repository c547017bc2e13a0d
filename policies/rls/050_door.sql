-- The door: what must be read before a company is known.
call tandem_door_only('app_user');
call tandem_door_only('session');
call tandem_door_only('second_factor');
call tandem_door_only('recovery_code');
call tandem_door_only('signup');
call tandem_door_only('password_reset');
call tandem_door_only('door_mail');
call tandem_door_only('master_key');
call tandem_door_only('key_rotation');
call tandem_door_only('pending_installation');

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

-- A key is exchanged, and the token it was exchanged for is checked, before a company is known. By
-- column: the door has no use for the names of keys.
drop policy if exists door on api_key;
create policy door on api_key for select to tandem_door using (true);
drop policy if exists door_notes_use on api_key;
create policy door_notes_use on api_key for update to tandem_door using (true) with check (true);
grant select (company_id, key_id, member_id, role, secret_hash, expires_at, last_used_at),
      update (last_used_at) on api_key to tandem_door;

-- Whoever comes with the token of an invitation is let in before a company is known, and the
-- invitation is spent by that.
drop policy if exists door on invitation;
create policy door on invitation for select to tandem_door using (true);
drop policy if exists door_spends on invitation;
create policy door_spends on invitation for delete to tandem_door using (true);
grant select (company_id, invitation_id, email, role, invited_by, token_hash, expires_at) on invitation
      to tandem_door;
grant delete on invitation to tandem_door;

-- A CRM that says who uninstalled names an account of its own; which companies hold it is found here,
-- and the rest is done with each company's key. By column: the door has no use for names and tokens.
drop policy if exists door on connection;
create policy door on connection for select to tandem_door using (true);
grant select (company_id, connection_id, provider, account_id, account_user_id, state)
      on connection to tandem_door;

-- A CRM that tells of a change shows the token of an address; whose it is is found here, and the rest is done
-- with the company's key. By column: hashes, and nothing of what is told.
drop policy if exists door on hook_channel;
create policy door on hook_channel for select to tandem_door using (true);
grant select (company_id, connection_id, token_hash, secret_hash) on hook_channel to tandem_door;

-- A webhook of the payment provider names a customer of its own; whose it is is found here, and the rest is
-- done with the company's key. By column: the door has no use for what a company pays.
drop policy if exists door on billing_account;
create policy door on billing_account for select to tandem_door using (true);
grant select (company_id, customer_id, livemode) on billing_account to tandem_door;

-- Workers see every company's queue, which holds no payload, and nothing else of theirs.
drop policy if exists runner on lane;
create policy runner on lane for all to tandem_runner using (true) with check (true);
grant select, update on lane to tandem_runner;

drop policy if exists runner on job;
create policy runner on job for all to tandem_runner using (true) with check (true);
grant select, update, delete on job to tandem_runner;

-- Which companies there are, for what runs for each of them (key rotation, sealing the audit log).
drop policy if exists runner on company;
create policy runner on company for select to tandem_runner using (true);
grant select (company_id) on company to tandem_runner;

-- Whose turn it is to be asked for changes, in every company at once.
drop policy if exists runner on poll;
create policy runner on poll for select to tandem_runner using (true);
grant select (company_id, connection_id, due_at) on poll to tandem_runner;

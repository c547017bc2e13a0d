-- Why: before an organization, a label or our field is made at a CRM, attempts of other deliveries to
-- make the same are looked for. Without an index that read every attempt of the company's past.
create index delivery_attempt_once on delivery_attempt (company_id, step, subject)
    where step in ('organization', 'label', 'reference');

import { ActionIcon, Button, VisuallyHidden } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { asProblem } from '../../api/problem';
import { isFinal } from '../../api/run-order';
import { entriesQuery } from '../../api/runs';
import type { Entry, Outcome, Run } from '../../api/schemas';
import { DiffTable } from '../../ui/diff-table';
import { EmptyState } from '../../ui/empty-state';
import { sentence } from '../../ui/figures';
import { LinkButton } from '../../ui/link-button';
import { SkeletonRows } from '../../ui/skeleton-rows';
import { StatusWord } from '../../ui/status-word';
import { usePhone } from '../../ui/use-phone';
import { diffRows } from './entry-diff';
import { OUTCOMES } from './words';

const WHY: Record<Entry['outcome'], string> = {
  created: 'Not in the book before',
  updated: 'Changed there since the last import',
  linked: 'Already in the book',
  skipped: 'Left out',
  conflict: 'Two contacts match',
  quarantined: 'Could not be read',
};

export function EntryList({ run, outcome }: { run: Run; outcome: Outcome | undefined }) {
  const phone = usePhone();
  const client = useQueryClient();
  const query = useInfiniteQuery(entriesQuery(run.id, outcome));
  const entries = query.data?.pages.flatMap((p) => p.items) ?? [];
  const over = isFinal(run);
  const { id } = run;
  useEffect(() => {
    if (over) void client.invalidateQueries({ queryKey: ['runs', 'entries', id] });
  }, [over, id, client]);
  const word = OUTCOMES.find((o) => o.key === outcome)?.word.toLowerCase();

  if (query.isPending) return <SkeletonRows rows={6} />;
  if (query.error && entries.length === 0)
    return (
      <EmptyState kind="failed" title="The entries could not be loaded">
        {asProblem(query.error).message}
      </EmptyState>
    );
  if (entries.length === 0)
    return outcome ? (
      <EmptyState
        kind="no-match"
        title={`No ${word ?? 'such'} entries`}
        action={
          <LinkButton to="/sync-logs/$id" params={{ id }} variant="default">
            Show all entries
          </LinkButton>
        }
      />
    ) : (
      <EmptyState kind="first" title={over ? 'No entries' : 'No entries yet'}>
        {over
          ? 'Nothing was changed by this run; unchanged people are only counted.'
          : 'They appear page by page.'}
      </EmptyState>
    );
  return (
    <>
      <table className={phone ? 'grid narrow' : 'grid'}>
        <thead>
          <tr>
            <th scope="col">Person</th>
            <th scope="col" style={{ width: phone ? 108 : 130 }}>
              Outcome
            </th>
            {!phone && (
              <th scope="col" style={{ width: '42%' }}>
                Why
              </th>
            )}
            <th scope="col" style={{ width: 56 }}>
              <VisuallyHidden>Details</VisuallyHidden>
            </th>
          </tr>
        </thead>
        {entries.map((entry) => (
          <EntryRows
            key={`${entry.outcome}-${entry.remote_id}-${entry.at}`}
            entry={entry}
            noun={run.connection_id ? 'Record' : 'Row'}
            phone={phone}
          />
        ))}
      </table>
      {query.hasNextPage && (
        <div className="more">
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show more entries
          </Button>
        </div>
      )}
    </>
  );
}

function EntryRows({ entry, noun, phone }: { entry: Entry; noun: string; phone: boolean }) {
  const [opened, open] = useState(false);
  const known = OUTCOMES.find((o) => o.key === entry.outcome);
  const name = entry.contact_name ?? entry.remote_name ?? `${noun} ${entry.remote_id}`;
  const rows = diffRows(entry.before, entry.after);
  const expandable = entry.outcome === 'updated' ? rows.length > 0 : phone && Boolean(entry.reason);
  return (
    <tbody>
      <tr>
        <td>
          {entry.contact_id ? (
            <Link to="/contacts" search={{ contact: entry.contact_id }} className="primary">
              {name}
            </Link>
          ) : (
            <span className="primary">{name}</span>
          )}{' '}
          {!phone && <span className="dim num">{entry.remote_id}</span>}
        </td>
        <td>
          <StatusWord tone={known?.tone ?? 'idle'}>{known?.word ?? entry.outcome}</StatusWord>
        </td>
        {!phone && (
          <td title={entry.reason ?? undefined}>
            {entry.reason ? sentence(entry.reason) : <span className="dim">{WHY[entry.outcome]}</span>}
          </td>
        )}
        <td className="r act">
          {expandable && (
            <ActionIcon
              variant="subtle"
              color="gray"
              size={phone ? 36 : 28}
              aria-expanded={opened}
              aria-label={`${entry.outcome === 'updated' ? 'Before and after' : 'Reason'} of ${name}`}
              onClick={() => open((now) => !now)}
            >
              {opened ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
            </ActionIcon>
          )}
        </td>
      </tr>
      {opened && (
        <tr className="detail">
          <td colSpan={phone ? 3 : 4}>
            {entry.reason && <p className="hint">{sentence(entry.reason)}</p>}
            {rows.length > 0 && (
              <DiffTable rows={rows} caption={`${name}, before and after`} heads={['Before', 'After']} />
            )}
          </td>
        </tr>
      )}
    </tbody>
  );
}

import { Button, SegmentedControl } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Problem } from '../../api/problem';
import type { ProviderStatus, RunMode } from '../../api/schemas';
import { useSession } from '../../api/session';
import { count, counted } from '../../ui/figures';
import { FormProblem } from '../../ui/form-problem';
import { Cost } from './cost';
import { MOST } from './most';

const EXPLAIN: Record<RunMode, string> = {
  selective: 'Only the people you tick. Those already in your book are linked, not added again.',
  full: 'Everybody, with organizations, owners and deal counts. Those already in your book are linked, not added again.',
  incremental: 'Reads only what changed there since the last import.',
};

type Props = {
  provider: ProviderStatus;
  mode: RunMode;
  onMode: (mode: RunMode) => void;
  selected: number;
  busy: boolean;
  problem: Problem | null;
  onStart: () => void;
  /** The progress of a run, in place of the button. */
  running: ReactNode;
  /** The result of the last one. */
  result: ReactNode;
};

export function ImportPanel({
  provider,
  mode,
  onMode,
  selected,
  busy,
  problem,
  onStart,
  running,
  result,
}: Props) {
  const estimate = provider.connection?.forecast.persons ?? null;
  const blocked = mode === 'selective' && (selected === 0 || selected > MOST);
  const label =
    mode === 'full'
      ? estimate === null
        ? 'Import everyone'
        : `Import everyone (about ${count(estimate)})`
      : mode === 'incremental'
        ? 'Check for changes'
        : `Import ${selected === 0 ? 'selected' : counted(selected, 'person', 'people')}`;
  return (
    <aside className="side" aria-label="Import">
      {running ?? (
        <>
          {result}
          <SegmentedControl
            fullWidth
            size="sm"
            aria-label="Whom to import"
            value={mode}
            onChange={(value) => onMode(value as RunMode)}
            data={[
              { value: 'selective', label: 'Selected' },
              { value: 'full', label: 'Everyone' },
              { value: 'incremental', label: 'Changes' },
            ]}
          />
          <p className="hint opt">{EXPLAIN[mode]}</p>
          {problem && (
            <FormProblem
              key={problem.message}
              title={problem.message}
              requestId={problem.status >= 500 ? problem.requestId : null}
            >
              {problem.upgradeTo && (
                <Link to="/billing" search={{ plan: problem.upgradeTo, from: provider.provider }}>
                  Compare plans
                </Link>
              )}
            </FormProblem>
          )}
          <div>
            <Button fullWidth onClick={onStart} loading={busy} disabled={blocked}>
              {label}
            </Button>
            {blocked && (
              <p className="hint">
                {selected === 0
                  ? 'Tick at least one person.'
                  : `At most ${MOST} at once; take Everyone for more.`}
              </p>
            )}
          </div>
          <Cost provider={provider} mode={mode} selected={selected} />
          <Room mode={mode} wanted={mode === 'selective' ? selected : estimate} />
        </>
      )}
    </aside>
  );
}

/** The limit of the plan, before the run: a run stops at it and keeps what fitted. */
function Room({ mode, wanted }: { mode: RunMode; wanted: number | null }) {
  const { limits } = useSession();
  if (limits.contacts == null) return null;
  const room = Math.max(0, limits.contacts - limits.contacts_used);
  const tight = mode !== 'incremental' && (room === 0 || (wanted !== null && wanted > room));
  return (
    <p className={tight ? 'hint' : 'hint opt'}>
      Your plan has room for {counted(room, 'more contact', 'more contacts')}.{' '}
      {tight && (
        <>
          The import stops there and keeps what fitted. <Link to="/billing">Compare plans</Link>
        </>
      )}
    </p>
  );
}

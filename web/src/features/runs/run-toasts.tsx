import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { queryClient } from '../../api/client';
import { refreshContacts } from '../../api/contacts';
import { useRun } from '../../api/follow-run';
import { refreshConnections } from '../../api/integrations';
import { isFinal } from '../../api/run-order';
import { unwatchRun, useWatchedRuns } from '../../api/watched-runs';
import { sentence } from '../../ui/figures';
import { hideToast, toast } from '../../ui/toast';
import { resultTitle, summary } from './words';

/** Announces the end of each run started in this tab, on whatever page its starter is by then. */
export function RunToasts() {
  const ids = useWatchedRuns();
  return ids.map((id) => <Watcher key={id} id={id} />);
}

function Watcher({ id }: { id: string }) {
  const { run, error } = useRun(id);
  const said = useRef(false);
  useEffect(() => {
    if (error) unwatchRun(id); // another company's, or gone
    if (!run || !isFinal(run) || said.current) return;
    said.current = true;
    const toastId = `run-${id}`;
    toast({
      id: toastId,
      tone: run.state === 'failed' ? 'bad' : 'ok',
      long: true,
      title: resultTitle(run),
      words: `${sentence(summary(run))}.`,
      to: `/sync-logs/${id}`,
      message: (
        <>
          {sentence(summary(run))}.{' '}
          <Link to="/sync-logs/$id" params={{ id }} onClick={() => hideToast(toastId)}>
            See what was done
          </Link>
        </>
      ),
    });
    unwatchRun(id);
    void refreshContacts();
    void refreshConnections();
    void queryClient.invalidateQueries({ queryKey: ['remote', run.provider] });
    void queryClient.invalidateQueries({ queryKey: ['runs', 'list'] });
  }, [run, error, id]);
  return null;
}

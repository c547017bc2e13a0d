import { Button } from '@mantine/core';
import { resumeRun } from '../../api/runs';
import type { Run } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { watchRun } from '../../api/watched-runs';

export function ResumeRun({ run }: { run: Run }) {
  const { busy, problem, submit } = useSubmit();
  return (
    <div className="row-acts">
      <Button
        loading={busy}
        onClick={() =>
          void submit(async () => {
            await resumeRun(run.id);
            watchRun(run.id);
          })
        }
      >
        Resume from where it stopped
      </Button>
      {problem && <span role="alert">{problem.message}</span>}
    </div>
  );
}

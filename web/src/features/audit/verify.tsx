import { Button } from '@mantine/core';
import { useState } from 'react';
import { verifyAudit } from '../../api/audit';
import { useSubmit } from '../../api/use-submit';
import { Banner } from '../../ui/banner';
import { counted } from '../../ui/figures';
import { FormProblem } from '../../ui/form-problem';

/** Computes the chain again, when somebody asks: it reads the whole log. */
export function Verify() {
  const { busy, problem, submit } = useSubmit();
  const [verdict, setVerdict] = useState<Awaited<ReturnType<typeof verifyAudit>> | null>(null);
  return (
    <div className="verify">
      <Button
        variant="default"
        loading={busy}
        onClick={() => void submit(async () => setVerdict(await verifyAudit()))}
      >
        Check the chain
      </Button>
      {problem && <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />}
      {verdict && (
        <div role="status">
          <Banner
            slim
            tone={verdict.holds ? 'ok' : 'bad'}
            label="Verdict"
            title={
              verdict.sealed === 0
                ? 'Nothing is in the chain yet'
                : verdict.holds
                  ? `The log is what was written: ${counted(verdict.sealed, 'row', 'rows')} in the chain`
                  : `Row ${verdict.broken_at} is not what was written, or what stood before it is gone`
            }
          >
            {verdict.unsealed > 0 &&
              `${counted(verdict.unsealed, 'new row joins', 'new rows join')} the chain within minutes. `}
            {verdict.head && (
              <>
                Newest hash <span className="mono break">{verdict.head}</span>
              </>
            )}
          </Banner>
        </div>
      )}
    </div>
  );
}

import { Button, Modal, Textarea } from '@mantine/core';
import { useState } from 'react';
import { searchRecords } from '../../api/crm-actions';
import type { ProviderStatus, QueryLanguage, Records } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { counted } from '../../ui/figures';
import { FormProblem } from '../../ui/form-problem';
import { useFocusBack } from '../../ui/use-focus-back';
import { usePhone } from '../../ui/use-phone';
import { RecordTable } from './record-table';

type Props = { provider: ProviderStatus; language: QueryLanguage; onClose: () => void };

/** A query in the provider's own language, and what it finds. It reads and changes nothing. */
export function RecordSearch({ provider: p, language, onClose }: Props) {
  const phone = usePhone();
  const [query, write] = useState(language.example);
  const [found, find] = useState<Records | null>(null);
  const { busy, problem, submit } = useSubmit();
  useFocusBack();
  const wrong = problem?.fields.query;
  const go = () =>
    submit(async () => {
      find(null);
      find(await searchRecords(p.provider, query));
    });
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Search ${p.name} in ${language.name}`}
      fullScreen={phone}
      size={860}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        {problem && !wrong && (
          <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />
        )}
        <Textarea
          label="Query"
          description={language.rules}
          required
          withAsterisk={false}
          rows={4}
          maxLength={3000}
          spellCheck={false}
          autoCapitalize="none"
          value={query}
          error={wrong}
          onChange={(event) => write(event.currentTarget.value)}
          data-autofocus
        />
        <div className="row-acts">
          <Button type="submit" loading={busy}>
            Search
          </Button>
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </div>
      </form>
      <div role="status">{found && <p className="hint">{foundWords(found)}</p>}</div>
      {found && found.items.length > 0 && <RecordTable found={found} provider={p.name} />}
    </Modal>
  );
}

/** How many there are, and whether there may be more. */
export function foundWords({ items, kind, limit }: Records): string {
  if (items.length === 0) return `No ${kind} fits.`;
  const there = counted(items.length, 'record', 'records');
  return items.length < limit
    ? `${there} of the kind ${kind}.`
    : `${there} of the kind ${kind}; there may be more. Narrow it down, or raise the limit.`;
}

import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { deleteData, refreshConnections } from '../../api/integrations';
import type { ProviderStatus } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { counted } from '../../ui/figures';
import { FormDialog } from '../../ui/form-dialog';
import { toast } from '../../ui/toast';

/** Only after disconnecting, and only by typing the account: this one cannot be taken back. */
export function DeleteDataButton({ provider }: { provider: ProviderStatus }) {
  const [opened, open] = useState(false);
  const [typed, type] = useState('');
  const { busy, problem, submit } = useSubmit();
  const name = provider.connection?.account_name ?? '';
  const go = () =>
    submit(async () => {
      const { mappings_deleted } = await deleteData(provider.provider, typed.trim());
      open(false);
      toast({
        title: `Data of ${name} was deleted`,
        message: `${counted(mappings_deleted, 'link', 'links')} removed.`,
      });
      await refreshConnections();
    });
  return (
    <>
      <Button variant="subtle" color="gray" onClick={() => open(true)}>
        Delete its data
      </Button>
      <FormDialog
        opened={opened}
        title={`Delete the data of ${name}`}
        onClose={() => open(false)}
        go={go}
        busy={busy}
        problem={problem}
        words={{ go: `Delete data of ${name}`, stay: 'Keep it' }}
        disabled={typed.trim() !== name}
        grave
      >
        <p className="hint">
          Removes the links to {provider.name} and what was kept about its records. Your contacts stay. A
          later import would match people by address again. This cannot be undone.
        </p>
        <TextInput
          label={`Type ${name} to confirm`}
          autoComplete="off"
          value={typed}
          onChange={(e) => type(e.currentTarget.value)}
          error={problem?.fields.confirm}
        />
      </FormDialog>
    </>
  );
}

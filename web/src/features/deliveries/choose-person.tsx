import '../../styles/choose.css';
import { useState } from 'react';
import { chooseFor, refreshDeliveries } from '../../api/deliveries';
import type { Delivery } from '../../api/schemas';
import { useSubmit } from '../../api/use-submit';
import { FormDialog } from '../../ui/form-dialog';
import { toast } from '../../ui/toast';
import { useFocusBack } from '../../ui/use-focus-back';

const NEW = '';

/** Several people at the CRM may be this contact: a person says which, or that it is none of them. */
export function ChoosePerson({ delivery, onClose }: { delivery: Delivery; onClose: () => void }) {
  const { provider_name: name, candidates, contact } = delivery;
  const who = contact.full_name ?? 'this contact';
  const [chosen, choose] = useState(candidates[0]?.remote_id ?? NEW);
  const { busy, problem, submit } = useSubmit();
  useFocusBack();
  const go = () =>
    submit(async () => {
      await chooseFor(delivery.id, chosen === NEW ? null : chosen);
      onClose();
      toast({
        title: chosen === NEW ? `${who} becomes a new person in ${name}` : `${who} is linked in ${name}`,
      });
      await refreshDeliveries();
    });
  return (
    <FormDialog
      title={`Who is ${who} in ${name}?`}
      onClose={onClose}
      go={go}
      busy={busy}
      problem={problem}
      words={{
        go: chosen === NEW ? `Create a new person in ${name}` : 'This is the one',
        stay: 'Decide later',
      }}
    >
      <fieldset className="candidates">
        <legend>
          These people there have the same address. The one you choose gets the label; nothing else of it
          changes.
        </legend>
        {candidates.map((c) => (
          <div key={c.remote_id}>
            <label>
              <input
                type="radio"
                name="candidate"
                checked={chosen === c.remote_id}
                onChange={() => choose(c.remote_id)}
                data-autofocus={chosen === c.remote_id || undefined}
              />
              <span>
                <b>{c.name ?? 'No name'}</b>
                <small className="num">Number {c.remote_id}</small>
              </span>
            </label>
            {c.url && (
              <a
                href={c.url}
                target="_blank"
                rel="noreferrer"
                aria-label={`Look at ${c.name ?? c.remote_id} in ${name}`}
              >
                Look there
              </a>
            )}
          </div>
        ))}
        <div>
          <label>
            <input type="radio" name="candidate" checked={chosen === NEW} onChange={() => choose(NEW)} />
            <span>
              <b>None of them</b>
              <small>Create a new person</small>
            </span>
          </label>
        </div>
      </fieldset>
    </FormDialog>
  );
}

import { Checkbox } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { reminderMailQuery, wantReminderMail } from '../../api/reminders';
import { useSubmit } from '../../api/use-submit';
import { FormProblem } from '../../ui/form-problem';
import { toast } from '../../ui/toast';

/** Whether what is due comes by mail; on the page it stands anyway. */
export function ReminderMail() {
  const { data } = useQuery(reminderMailQuery);
  const { busy, problem, submit } = useSubmit();
  return (
    <section className="section" aria-label="Reminders">
      <h2>Reminders</h2>
      {problem && <FormProblem key={problem.message} title={problem.message} requestId={problem.requestId} />}
      <Checkbox
        label="Mail me my next steps"
        description="One mail in the morning, at about 06:00 UTC, of days on which something is due. Each step is told once; all of them stand on the page Contact next."
        checked={data?.mail ?? true}
        disabled={!data || busy}
        onChange={(e) => {
          const on = e.currentTarget.checked;
          void submit(async () => {
            await wantReminderMail(on);
            toast({
              id: 'reminders',
              title: on ? 'Next steps come by mail' : 'No more mail about next steps',
            });
          });
        }}
      />
    </section>
  );
}

import { useState } from 'react';
import { asProblem, type Problem } from './problem';

/** One submission at a time; what was typed stays, the problem is shown beside it. */
export function useSubmit() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    try {
      await work();
      return true;
    } catch (error) {
      setProblem(asProblem(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, submit, clear: () => setProblem(null) };
}

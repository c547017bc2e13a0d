import { TextInput, type TextInputProps } from '@mantine/core';

/** Six digits of an app, or a recovery code: phones offer the code, and nothing is corrected. */
export const CodeInput = (props: TextInputProps) => (
  <TextInput
    label="Code"
    description="Six digits of your authenticator app, or a recovery code."
    name="code"
    inputMode="text"
    autoComplete="one-time-code"
    autoCapitalize="off"
    spellCheck={false}
    required
    withAsterisk={false}
    {...props}
  />
);

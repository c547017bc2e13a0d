// Starts `$TANDEM_BIN sandbox ...` for each stand-in, runs its tests against it and stops it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const binary = process.env.TANDEM_BIN;
if (!binary) {
  console.error("TANDEM_BIN must name the tandem binary");
  process.exit(2);
}
const here = fileURLToPath(new URL(".", import.meta.url));
const STAND_INS = [
  { provider: "pipedrive", variable: "SANDBOX_URL", args: ["--persons", "1200"] },
  { provider: "hubspot", variable: "HUBSPOT_SANDBOX_URL", args: ["--persons", "1200"] },
  { provider: "salesforce", variable: "SALESFORCE_SANDBOX_URL", args: ["--persons", "2600"] },
  { provider: "zoho", variable: "ZOHO_SANDBOX_URL", args: ["--persons", "620"] },
  { provider: "stripe", variable: "STRIPE_SANDBOX_URL", args: [] },
];

/** The first line that is JSON with an address; the process may log before. */
async function address(sandbox) {
  for await (const line of createInterface({ input: sandbox.stdout })) {
    try {
      const { url } = JSON.parse(line);
      if (url) return url;
    } catch {
      console.error(line);
    }
  }
  throw new Error("the sandbox ended without saying where it is");
}

async function run({ provider, variable, args }) {
  const command = ["sandbox", provider, "--port", "0", "--json", ...args];
  const sandbox = spawn(binary, command, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const late = AbortSignal.timeout(30_000);
    const url = await Promise.race([
      address(sandbox),
      once(late, "abort").then(() => {
        throw new Error("the sandbox did not start within 30 seconds");
      }),
      once(sandbox, "error").then(([error]) => {
        throw error;
      }),
    ]);
    // What it says later must not fill the pipe.
    sandbox.stdout.resume();
    const tests = spawn(process.execPath, ["--test", "--test-reporter=spec", `${provider}.test.mjs`], {
      cwd: here,
      stdio: "inherit",
      env: { ...process.env, [variable]: url },
    });
    const [code] = await once(tests, "exit");
    return code ?? 1;
  } catch (error) {
    console.error(error.message);
    return 1;
  } finally {
    sandbox.kill("SIGTERM");
  }
}

let failed = 0;
for (const standIn of STAND_INS) failed ||= await run(standIn);
process.exit(failed);

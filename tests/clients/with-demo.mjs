// Runs a command while a demonstration runs: GATEHOUSE_DEMO says where.
//
//   node tests/clients/with-demo.mjs COMMAND ARGUMENT...

import { spawn } from "node:child_process";
import { once } from "node:events";
import { Demo } from "../browser/harness.mjs";

const [command, ...options] = process.argv.slice(2);
const demo = await Demo.start();
try {
  const environment = { ...process.env, GATEHOUSE_DEMO: demo.origin };
  const [status] = await once(spawn(command, options, { stdio: "inherit", env: environment }), "exit");
  process.exitCode = status ?? 1;
} finally {
  await demo.stop();
}

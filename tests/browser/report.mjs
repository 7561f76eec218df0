// After the journeys: the Nu validator over every page and letter they met, and the table of figures.

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { readFileSync, readdirSync } from "node:fs";
import { promisify } from "node:util";
import { logs } from "./harness.mjs";

const figures = Object.fromEntries(readdirSync(`${logs}figures`)
  .filter((file) => file.endsWith(".json"))
  .map((file) => [file.replace(".json", ""), JSON.parse(readFileSync(`${logs}figures/${file}`, "utf8"))]));
const { states, letters, seeds } = figures.pages;
const caught = Object.values(figures.faults.faults);

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const faultsOf = (check) => sum([...states, ...letters].map((one) => one.faults[check]?.length ?? 0));
const journeys = (manner) => sum(Object.values(figures).map((file) => file.journeys[manner]));
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

const nu = await validate(readdirSync(`${logs}pages`).map((file) => `${logs}pages/${file}`));
const heaviest = states.toSorted((a, b) => b.raw - a.raw)[0];
const incomplete = [...states, ...letters].flatMap((one) => one.axeIncomplete.map((rule) => `${one.name}: ${rule}`));

const rows = {
  "Pages and states": states.length,
  "Letters": letters.length,
  "axe violations": faultsOf("axe"),
  "axe rules passed": sum([...states, ...letters].map((one) => one.axePasses)),
  "axe incomplete, to be looked at": incomplete.length,
  "html-validate errors": faultsOf("html"),
  "Nu validator errors": nu.length,
  "Policy reports": faultsOf("policy"),
  "House rules broken": faultsOf("lint"),
  "Reflow failures": faultsOf("reflow"),
  "200 % text failures": faultsOf("text"),
  "Text spacing failures": faultsOf("spacing"),
  "Keyboard failures": faultsOf("keyboard"),
  "Focus on load failures": faultsOf("focus"),
  "Target size failures": faultsOf("targets"),
  "Forced colour failures": faultsOf("forced"),
  "Moving things": faultsOf("motion"),
  "Print failures": faultsOf("print"),
  "Heaviest page": `${heaviest.name}, ${kilobytes(heaviest.raw)} raw, ${kilobytes(heaviest.gzip)} gzip`,
  "Heaviest letter": kilobytes(Math.max(...letters.map((letter) => letter.raw))),
  "Seeded faults caught": `${caught.filter((by) => by.length).length} of ${caught.length}`,
  "Seed strings present": `${Object.values(seeds).filter(Boolean).length} of ${Object.keys(seeds).length}`,
  "Journeys with script": journeys("withScript"),
  "Journeys without script": journeys("withoutScript"),
};
const width = Math.max(...Object.keys(rows).map((label) => label.length));
for (const [label, value] of Object.entries(rows)) console.log(`${label.padEnd(width)}  ${value}`);
for (const [title, list] of [["Nu validator:", nu], ["To be looked at:", incomplete]]) {
  if (list.length) console.log(["", title, ...new Set(list)].join("\n"));
}
process.exitCode = nu.length ? 1 : 0;

/** What the Nu validator has against some files. */
async function validate(files) {
  const jar = createRequire(import.meta.url).resolve("vnu-jar/build/dist/vnu.jar");
  const options = ["-jar", jar, "--format", "json", "--exit-zero-always", ...files];
  const { stderr } = await promisify(execFile)("java", options, { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stderr).messages
    .filter((message) => message.type !== "info")
    .map((message) => `${message.url.split("/").at(-1)}: ${message.message}`);
}

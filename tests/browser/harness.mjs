// The demonstration as the tests meet it: the release binary as a process of its own, with its people, its mailbox and
// its clock.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The top of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where logs and figures go. */
export const logs = `${root}target/test-logs/`;

const binary = process.env.GATEHOUSE_BINARY ?? `${root}target/release/gatehouse`;

/** How long to wait for the process to be ready, or for a letter to arrive, in milliseconds. */
const patience = 15_000;

const day = 24 * 60 * 60;

export class Demo {
  /** What `/dev/demo.json` says: `issuer`, `portal`, `hub`, `mailbox`, `people`, `clients`. */
  facts;
  /** Where this process answers. */
  origin;
  #process;
  /** For each address, how many of its letters were read. */
  #read = new Map();

  /** Starts a demonstration. Another process may take a port between looking and listening: then with others. */
  static async start() {
    for (let attempt = 1; ; attempt += 1) {
      const demo = new Demo();
      try {
        await demo.#start();
        return demo;
      } catch (error) {
        await demo.stop();
        if (attempt === 3) throw error;
      }
    }
  }

  async #start() {
    const port = await freePorts(1);
    const portal = await freePorts(2);
    const options = ["demo", "--listen", `127.0.0.1:${port}`, "--portal", `127.0.0.1:${portal}`];
    if (process.env.GATEHOUSE_DEMO_DATABASE) options.push("--database", process.env.GATEHOUSE_DEMO_DATABASE);

    mkdirSync(logs, { recursive: true });
    const log = `${logs}demo-${port}.log`;
    const output = openSync(log, "w");
    this.#process = spawn(binary, options, { stdio: ["ignore", output, output] });
    const ended = new Promise((resolve) => {
      this.#process.once("error", resolve);
      this.#process.once("exit", resolve);
    });
    const over = ended.then(() => {
      throw new Error(`the demonstration did not start:\n${readFileSync(log, "utf8")}`);
    });
    over.catch(() => {});

    this.origin = `http://localhost:${port}`;
    await Promise.race([over, until("the demonstration to be ready", async () => (await this.#get("/readyz")).ok)]);
    this.facts = await (await this.#get("/dev/demo.json")).json();
  }

  /** Ends the process, which is asked to and has a moment to comply. */
  async stop() {
    if (this.#process?.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    const late = setTimeout(() => this.#process.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(late);
  }

  get people() {
    return this.facts.people;
  }

  client(id) {
    const found = this.facts.clients.find((client) => client.client_id === id);
    assert.ok(found, `the demonstration has no client ${id}`);
    return found;
  }

  /** Every letter sent so far, oldest first. */
  async letters() {
    return (await (await this.#get("/dev/mailbox.json")).json()).reverse();
  }

  /** Every letter to a person, once nothing more seems to be on its way. */
  async lettersTo(person) {
    return (await this.#settledLetters()).filter((letter) => letter.to.includes(person.email));
  }

  async #settledLetters() {
    for (let before; ; ) {
      const letters = await this.letters();
      if (letters.length === before) return letters;
      before = letters.length;
      await sleep(300);
    }
  }

  /** The next unread letter to a person whose subject has these words. */
  async nextLetter(person, words) {
    const find = async () => {
      const letters = (await this.letters()).filter((letter) => letter.to.includes(person.email));
      const unread = this.#read.get(person.email) ?? 0;
      const place = letters.findIndex((letter, index) => index >= unread && letter.subject.includes(words));
      if (place < 0) return undefined;
      this.#read.set(person.email, place + 1);
      return letters[place];
    };
    return until(`a letter to ${person.email} about “${words}”`, find);
  }

  /** The code in the next unread letter: "1234 5678". */
  async nextCode(person, words = "your login code") {
    const letter = await this.nextLetter(person, words);
    const found = /^ {4}(\d{4} \d{4})$/m.exec(letter.text);
    assert.ok(found, `no code in this letter:\n${letter.text}`);
    return found[1];
  }

  /** Takes all letters so far as read. */
  async forgetLetters() {
    const letters = await this.#settledLetters();
    for (const { email } of this.people) {
      this.#read.set(email, letters.filter((letter) => letter.to.includes(email)).length);
    }
  }

  /** Moves the clock of the demonstration forward. */
  async advance(seconds) {
    const answer = await fetch(`${this.origin}/dev/clock`, {
      method: "POST",
      body: new URLSearchParams({ advance_seconds: String(seconds) }),
    });
    assert.ok(answer.ok, `the clock answered ${answer.status}`);
  }

  /** Limits count by the day: a new one for each journey, with all letters read. */
  async newDay() {
    await this.advance(day + 60);
    await this.forgetLetters();
  }

  #get(path) {
    return fetch(this.origin + path);
  }
}

/** Waits until a question has an answer, and gives it. */
export async function until(what, ask) {
  const deadline = performance.now() + patience;
  let trouble;
  while (performance.now() < deadline) {
    const answer = await ask().catch((error) => {
      trouble = error;
    });
    if (answer) return answer;
    await sleep(40);
  }
  throw new Error(`waited ${patience / 1000} seconds for ${what}`, { cause: trouble });
}

/** The first of so many free ports in a row. */
async function freePorts(count) {
  for (;;) {
    const first = await listenOnce(0);
    const rest = Array.from({ length: count - 1 }, (_, index) => listenOnce(first + 1 + index));
    const free = await Promise.all(rest).catch(() => undefined);
    if (free) return first;
  }
}

function listenOnce(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const { port: taken } = server.address();
      server.close(() => resolve(taken));
    });
  });
}

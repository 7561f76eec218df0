// What every file of journeys begins with: one demonstration, one browser, and journeys that start on a new day.

import { mkdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { after, before, test } from "node:test";
import { Demo, logs, root } from "./harness.mjs";
import { Partner, launch } from "./partner.mjs";

const screenshots = `${root}target/screenshots/`;

export class Stage {
  demo;
  browser;
  /** When both are there. */
  ready;
  /** What this file adds to the table at the end of a run. */
  figures = { journeys: { withScript: 0, withoutScript: 0 } };

  /** @param file the `import.meta.url` of the file */
  constructor(file) {
    const name = basename(file, ".test.mjs");
    mkdirSync(screenshots, { recursive: true });
    this.ready = Promise.all([Demo.start(), launch()]).then(([demo, browser]) => Object.assign(this, { demo, browser }));
    before(() => this.ready);
    after(async () => {
      mkdirSync(`${logs}figures`, { recursive: true });
      writeFileSync(`${logs}figures/${name}.json`, JSON.stringify(this.figures, null, 2));
      await Promise.all([this.demo?.stop(), this.browser?.close()]);
    });
  }

  /** A journey by a partner with a fresh browser; `settings` are those of `Partner.at`. */
  journey(name, settings, walk) {
    test(name, async () => {
      await this.demo.newDay();
      const partner = await Partner.at(this.browser, this.demo, settings);
      try {
        await walk(partner);
      } catch (error) {
        await partner.page.screenshot({ path: `${screenshots}failed-${fileName(name)}.png`, fullPage: true });
        error.message += `\nat ${partner.page.url()}`;
        throw error;
      } finally {
        await partner.leave();
      }
      this.figures.journeys[settings.javaScriptEnabled === false ? "withoutScript" : "withScript"] += 1;
    });
  }

  /** A journey that is made with scripts and again without. */
  bothWays(name, walk) {
    this.journey(name, {}, walk);
    this.journey(`${name}, without script`, { javaScriptEnabled: false }, walk);
  }

  /** Keeps what a page looks like. */
  keep = async (name, page) => {
    await page.screenshot({ path: `${screenshots}${fileName(name)}.png`, fullPage: true });
  };
}

export function fileName(words) {
  return words.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

// A partner without a browser: walks through the pages of the provider by their forms, with a jar of cookies.

import assert from "node:assert/strict";

export class Walker {
  #cookies = new Map();
  #demo;

  constructor(demo) {
    this.#demo = demo;
  }

  /** Logs in, from an authorization request to the address that the client is to be told. */
  async logIn(request, person) {
    const first = await this.#open(request);
    const second = await this.#submit(first, { email: person.email, password: person.password });
    const welcome = await this.#submit(second, { code: await this.#demo.nextCode(person) });
    return this.#leave(welcome, "Return to Home");
  }

  /** Opens an address of the provider that leads out of it again. */
  async leaveBy(address) {
    return (await this.#open(address)).url;
  }

  /** Connects a device, once logged in. */
  async connect(address, code) {
    const question = await this.#submit(await this.#open(address), { user_code: code });
    return (await this.#submit(question, { answer: "connect" })).html;
  }

  /** Cancels instead. */
  async cancel(request) {
    return this.#leave(await this.#open(request), "Cancel");
  }

  async #submit(page, fields) {
    const [, action] = /<form method="post" action="([^"]+)"/.exec(page.html) ?? assert.fail(`no form in ${page.html}`);
    const hidden = page.html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g);
    const body = new URLSearchParams({ ...Object.fromEntries([...hidden].map((field) => field.slice(1))), ...fields });
    return this.#open(new URL(plain(action), page.url), { method: "POST", body });
  }

  /** Follows a link out of the provider, to the first address that is not its own. */
  async #leave(page, text) {
    const links = [...page.html.matchAll(/<a\b[^>]*href="([^"]+)"[^>]*>([^<]+)<\/a>/g)];
    const link = links.find(([, , words]) => words === text) ?? assert.fail(`no link “${text}” in ${page.html}`);
    const next = await this.#open(new URL(plain(link[1]), page.url));
    // A service that registered itself has to ask first.
    const asks = next.html.includes('name="answer" value="share"');
    return (asks ? await this.#submit(next, { answer: "share" }) : next).url;
  }

  /** Opens a page of the provider, or stops at the address of somebody else. */
  async #open(address, request = {}) {
    const url = new URL(address);
    if (url.origin !== this.#demo.origin) return { url, html: "" };
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { ...request, redirect: "manual", headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/max-age=0(;|$)/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    if (answer.status >= 300 && answer.status < 400) return this.#open(new URL(answer.headers.get("location"), url));
    assert.equal(answer.status, 200, `${answer.status} at ${url}`);
    return { url, html: await answer.text() };
  }
}

const plain = (attribute) => attribute.replaceAll("&#x2f;", "/").replaceAll("&amp;", "&");

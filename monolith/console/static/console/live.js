// Keeps a page up to date: once a second the parts that changed are taken from the same page as JSON.
// Nothing here is needed: without it, the page is reloaded by hand.
"use strict";

(() => {
  const page = document.querySelector("[data-live]");
  if (!page) return;
  const EVERY = 1000; // milliseconds
  const AFTER_A_FAILURE = 5000;
  const TIMEOUT = 8000;
  const summary = page.querySelector("[data-summary]");
  const freshness = page.querySelector("[data-freshness]");
  const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
  const shown = new Map();
  let seen = "";
  let timer = 0;
  let asking = false;

  const say = (text) => {
    if (freshness.textContent !== text) freshness.textContent = text;
  };

  // What a person has typed, opened, scrolled and pointed at stays as it is while the part around it changes.
  const kept = (part) => {
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    return {
      focus: focused?.id,
      selection: focused && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null,
      typed: [...part.querySelectorAll("input[id]")].filter((each) => each.value !== each.defaultValue).map((each) => [each.id, each.value]),
      open: [...part.querySelectorAll("details[id][open]")].map((each) => each.id),
      scrolled: [...part.querySelectorAll(".scroll[id], pre[id]")].map((each) => [each.id, each.scrollLeft, each.scrollTop]),
    };
  };

  const restore = (part, before) => {
    const find = (id) => part.querySelector(`#${CSS.escape(id)}`);
    for (const [id, value] of before.typed) {
      const field = find(id);
      if (field) field.value = value;
    }
    for (const id of before.open) find(id)?.setAttribute("open", "");
    for (const [id, left, top] of before.scrolled) find(id)?.scrollTo(left, top);
    if (!before.focus) return;
    const target = find(before.focus);
    if (target && !target.disabled) {
      target.focus({ preventScroll: true });
      if (before.selection?.[0] != null) target.setSelectionRange(...before.selection);
    } else {
      // The control is gone: the reader goes on at the heading of its part, not at the top of the page.
      const heading = part.querySelector("h2");
      heading?.setAttribute("tabindex", "-1");
      heading?.focus({ preventScroll: true });
    }
  };

  // The first answer mostly says what the page came with; putting that in place again would disturb for nothing.
  const says = (part, html) => {
    const now = part.cloneNode(true);
    for (const field of now.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.remove();
    const next = document.createElement("template");
    next.innerHTML = html;
    return now.innerHTML.trim() === next.innerHTML.trim();
  };

  const show = (name, html) => {
    if (shown.get(name) === html) return;
    shown.set(name, html);
    const part = page.querySelector(`[data-section="${CSS.escape(name)}"]`);
    if (!part || says(part, html)) return;
    const before = kept(part);
    part.innerHTML = html;
    for (const form of part.querySelectorAll("form[method=post]")) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "csrfmiddlewaretoken", value: token });
      form.append(field);
    }
    restore(part, before);
  };

  const ask = async () => {
    const answer = await fetch(page.dataset.live, {
      headers: seen ? { "If-None-Match": seen } : {},
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (answer.type === "opaqueredirect") {
      say("You are signed out. Reload the page to sign in.");
      return 0;
    }
    if (answer.status !== 304) {
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const news = await answer.json();
      seen = answer.headers.get("ETag") ?? "";
      for (const [name, html] of Object.entries(news.sections)) show(name, html);
      if (summary.textContent !== news.summary) summary.textContent = news.summary;
    }
    say("Live: looked up each second while this page is in sight.");
    return EVERY;
  };

  const go = async () => {
    clearTimeout(timer);
    if (asking || document.hidden) return;
    asking = true;
    let pause = AFTER_A_FAILURE;
    try {
      pause = await ask();
    } catch (error) {
      say(`Not live: the shop did not answer (${error.message}). Trying again each ${AFTER_A_FAILURE / 1000} seconds.`);
    }
    asking = false;
    if (pause) timer = setTimeout(go, pause);
  };

  document.addEventListener("visibilitychange", go);
  go();
})();

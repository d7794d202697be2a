// Comfort only: every page works without this file. Texts come from the page, already translated.
(() => {
  "use strict";

  // Add a line to a form from the <template> beside it; __n__ stands for the line's number.
  function addLine(button) {
    const lines = button.closest("[data-lines]");
    const template = lines && lines.querySelector("template");
    if (!template) return false;
    const existing = lines.querySelectorAll("[data-line]");
    const number = Number(lines.dataset.next || existing.length);
    lines.dataset.next = number + 1;
    const copy = template.content.cloneNode(true);
    for (const element of copy.querySelectorAll("*")) {
      for (const attribute of element.attributes) {
        attribute.value = attribute.value.replaceAll("__n__", number);
      }
    }
    const added = copy.querySelector("[data-line]");
    if (existing.length) existing[existing.length - 1].after(copy);
    else template.before(copy);
    const first = added.querySelector("input:not([type=hidden]), select, textarea");
    if (first) first.focus();
    return true;
  }

  function removeLine(button) {
    const lines = button.closest("[data-lines]");
    button.closest("[data-line]").remove();
    const add = lines.querySelector("[data-add-line]");
    if (add) add.focus();
  }

  // What was ticked stays ticked when other rows are shown: what is not among them is named in its form.
  function ticksOf(target) {
    return [...document.querySelectorAll(`#${target} :checked[data-tick], [data-ticks="${target}"] :checked`)];
  }

  function tickAgain(target, ticked, address) {
    const kept = document.querySelector(`[data-ticks="${target}"]`);
    if (!kept) return;
    const list = kept.querySelector("div");
    list.replaceChildren();
    for (const box of ticked) {
      const shown = document.querySelector(`#${target} [data-tick][value="${box.value}"]`);
      if (shown) {
        shown.checked = true;
        continue;
      }
      const label = document.createElement("label");
      box.name = box.id = `items-${Number(kept.dataset.first) + list.children.length}-item_id`;
      box.removeAttribute("aria-label");
      label.append(box, ` ${box.dataset.tick}`);
      list.append(label);
    }
    kept.hidden = !list.children.length;
    // What is refused comes back with the same rows.
    const form = kept.closest("form");
    form.action = new URL(address.search || "?", form.action);
  }

  // Fetch a list in the background and replace only its rows, so that the caret stays where it is.
  let running = null;
  async function show(target, address) {
    if (running) running.abort();
    running = new AbortController();
    try {
      const answer = await fetch(address, { signal: running.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.getElementById(target);
      if (answer.ok && found) {
        const ticked = ticksOf(target);
        document.getElementById(target).replaceChildren(...found.childNodes);
        tickAgain(target, ticked, address);
        const told = document.getElementById(`${target}-told`);
        if (told) told.textContent = page.getElementById(told.id).textContent;
        history.replaceState(null, "", address);
      } else {
        location.assign(address);
      }
    } catch (error) {
      if (error.name !== "AbortError") location.assign(address);
    }
  }

  function search(form) {
    const address = new URL(form.action);
    address.search = new URLSearchParams(new FormData(form));
    return show(form.dataset.search, address);
  }

  // Another page of a list forgets nothing that is ticked either.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest(".pager a");
    const kept = link && document.querySelector("[data-ticks]");
    const target = kept && document.getElementById(kept.dataset.ticks);
    if (!target || !target.contains(link) || !ticksOf(target.id).length) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    await show(target.id, new URL(link.href));
    target.tabIndex = -1;
    target.focus();
  });

  let pause = 0;
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form || !form.dataset.search) return;
    clearTimeout(pause);
    pause = setTimeout(search, event.target.matches("select, [type=checkbox]") ? 0 : 300, form);
  });

  // Enter searches at once, and goes on to the first field of what is found.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.dataset.search) return;
    event.preventDefault();
    clearTimeout(pause);
    await search(form);
    const first = document.getElementById(form.dataset.search).querySelector("[data-first]");
    if (first) first.focus();
  });

  // Keep what is typed in a form until it is saved: a reload or a lost connection loses nothing. The page
  // that follows a save names the drafts that are done with.
  const kept = (form) => `draft:${form.dataset.draft}`;
  const notKept = (field) => !field.name || field.name === "csrf_token" || field.type === "file" || field.type === "submit";
  function keepDraft(form) {
    const fields = [...form.elements].filter((field) => !notKept(field));
    try {
      sessionStorage.setItem(kept(form), JSON.stringify(fields.map((field) => [field.name, field.value])));
    } catch { /* A browser that keeps nothing still sends the form. */ }
  }

  function restoreDraft(form) {
    const draft = JSON.parse(sessionStorage.getItem(kept(form)) || "[]");
    let isOther = false;
    for (const [name, value] of draft) {
      const field = form.elements[name];
      if (!field || field.value === value) continue;
      // Its version too: whoever changed the line in between is told of, not overwritten.
      field.value = value;
      isOther = true;
      const fold = field.closest("details");
      if (fold) fold.open = true;
    }
    const note = form.querySelector("[data-draft-note]");
    if (isOther && note) note.hidden = false;
  }

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && form.dataset.draft) keepDraft(form);
  });

  // Show only the rows of a table that have all the words typed; the others keep what was typed in them.
  document.addEventListener("input", (event) => {
    const filter = event.target.closest("[data-narrow]");
    if (!filter) return;
    const words = event.target.value.toLowerCase().split(/\s+/);
    for (const row of document.getElementById(filter.dataset.narrow).tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });

  // Ask before sending; the button that was pressed names the act.
  function ask(form, submitter) {
    const dialog = document.createElement("dialog");
    dialog.className = "confirm";
    const text = document.createElement("p");
    text.id = "confirm-text";
    text.textContent = form.dataset.confirm;
    dialog.setAttribute("aria-labelledby", text.id);
    const buttons = document.createElement("div");
    buttons.className = "form-actions";
    const yes = document.createElement("button");
    yes.type = "button";
    yes.className = "btn btn-primary";
    yes.textContent = submitter.textContent.trim();
    const no = document.createElement("button");
    no.type = "button";
    no.className = "btn btn-outline-secondary";
    no.textContent = form.dataset.cancel;
    buttons.append(yes, no);
    dialog.append(text, buttons);
    document.body.append(dialog);
    no.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => {
      form.dataset.confirmed = "";
      dialog.close();
      form.requestSubmit(submitter);
      delete form.dataset.confirmed;
    });
    dialog.addEventListener("close", () => { dialog.remove(); submitter.focus(); });
    dialog.showModal();
    no.focus();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.confirm || "confirmed" in form.dataset || !event.submitter) return;
    event.preventDefault();
    ask(form, event.submitter);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches("[data-add-line]")) {
      if (addLine(button)) event.preventDefault();
    } else if (button.matches("[data-remove-line]")) removeLine(button);
    else if (button.matches("[data-print]")) window.print();
    else if (button.matches("[data-draft-drop]")) {
      sessionStorage.removeItem(kept(button.form));
      button.form.reset();
      location.reload();
    }
  });

  document.querySelectorAll("[data-print], [data-narrow]").forEach((element) => { element.hidden = false; });
  document.querySelectorAll("[data-draft-done]").forEach((done) => {
    done.dataset.draftDone.split(" ").forEach((name) => sessionStorage.removeItem(`draft:${name}`));
  });
  document.querySelectorAll("form[data-draft]").forEach((form) => {
    if ("draftTyped" in form.dataset) keepDraft(form);
    else restoreDraft(form);
  });
  document.documentElement.classList.add("scripted");
  const errors = document.querySelector(".form-errors");
  if (errors) errors.focus();
})();

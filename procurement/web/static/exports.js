// Follow the files that are being made: each shows how far it is, then its download. Comfort only, the same
// is seen by reloading; texts come from the page, already translated.
(() => {
  "use strict";
  const PAUSE = 2000;

  // The bar moves where it stands, so that nobody loses the button they are on.
  function advance(shown, now) {
    const [bar, newer] = [shown, now].map((one) => one.querySelector("progress"));
    if (newer.hasAttribute("value")) bar.value = newer.value;
    else bar.removeAttribute("value");
    shown.querySelector(".export-bar span").textContent = now.querySelector(".export-bar span").textContent;
  }

  function replace(shown, now) {
    const hadFocus = shown.contains(document.activeElement);
    shown.replaceWith(now);
    if (hadFocus) (now.querySelector("a, button") || document.getElementById("content")).focus();
    const told = document.querySelector("[data-exports-told]");
    if (told) told.textContent = now.dataset.told;
  }

  async function look(shown) {
    const answer = await fetch(shown.dataset.export);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = answer.ok && page.getElementById(shown.id);
    // Swept, or signed out: what is shown stays.
    if (!now) return;
    if (now.dataset.state === shown.dataset.state && now.dataset.export) {
      advance(shown, now);
      follow(shown);
    } else {
      replace(shown, now);
      if (now.dataset.export) follow(now);
    }
  }

  function follow(shown) {
    setTimeout(async () => {
      if (document.hidden) {
        follow(shown);
        return;
      }
      try {
        await look(shown);
      } catch {
        // A lost connection comes back.
        follow(shown);
      }
    }, PAUSE);
  }

  document.querySelectorAll("[data-export]").forEach(follow);
})();


(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // Filters: a card is shown when it is all of what is chosen; groups and segments go with their last card.
  const form = document.querySelector(".filters");
  if (form) {
    const cards = all(".card"), selects = all("select", form), nothing = document.getElementById("nothing");
    const count = form.querySelector("output"), reset = form.querySelector("button");
    const apply = () => {
      const wanted = selects.filter((select) => select.value);
      for (const card of cards) {
        card.hidden = wanted.some((select) => !(card.dataset[select.name] || "").split(select.name === "findings" ? " " : "\n").includes(select.value));
      }
      const ads = cards.filter((card) => card.dataset.state), seen = ads.filter((card) => !card.hidden);
      for (const part of all(".group").concat(all(".chapter"))) part.hidden = !part.querySelector(".card:not([hidden])");
      for (const select of selects) select.classList.toggle("set", Boolean(select.value));
      count.textContent = wanted.length ? `${seen.length} of ${ads.length} ads` : `All ${ads.length} ads`;
      nothing.hidden = cards.some((card) => !card.hidden);
      reset.disabled = !wanted.length;
    };
    form.hidden = false;
    form.addEventListener("change", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    for (const button of all("[data-finding]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        form.elements.findings.value = button.dataset.finding;
        apply();
        form.scrollIntoView();
      });
    }
    nothing.querySelector("button").addEventListener("click", () => form.reset());
    apply();
  }

  // Ids: shown short, copied whole. Where a page from a file may not use the clipboard, the id is selected instead.
  for (const button of all("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
      } catch {
        getSelection().selectAllChildren(button.previousElementSibling);
        document.execCommand("copy");
      }
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
  }

  // Pictures at full size.
  const dialog = document.getElementById("large");
  if (dialog && dialog.showModal) {
    const stage = dialog.querySelector(".stage"), picture = stage.querySelector("img"), words = dialog.querySelector("span");
    const scale = dialog.querySelector("[name=scale]");
    let links = [], now = 0;
    const zoom = (full) => {
      stage.classList.toggle("full", full);
      scale.setAttribute("aria-pressed", String(full));
      scale.textContent = full ? "Fit" : "100 %";
    };
    const show = (number) => {
      now = (number + links.length) % links.length;
      const image = links[now].querySelector("img");
      picture.src = image.src;
      picture.alt = image.alt;
      words.textContent = `${now + 1} of ${links.length}  ${links[now].dataset.name}`;
      zoom(false);
    };
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a.open[data-name]");
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      links = all(".card:not([hidden]) a.open[data-name]");
      show(links.indexOf(link));
      dialog.showModal();
    });
    picture.addEventListener("click", () => zoom(!stage.classList.contains("full")));
    dialog.addEventListener("click", (event) => {
      const name = event.target.name;
      if (name === "close" || event.target === stage) dialog.close();
      else if (name === "before") show(now - 1);
      else if (name === "after") show(now + 1);
      else if (name === "scale") zoom(!stage.classList.contains("full"));
    });
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") show(now - 1);
      if (event.key === "ArrowRight") show(now + 1);
    });
    dialog.addEventListener("close", () => links[now] && links[now].focus());
  }

  // One sound at a time.
  document.addEventListener("play", (event) => {
    for (const other of all("video, audio")) if (other !== event.target) other.pause();
  }, true);
})();

// Small behaviours of the page: copy buttons, the way back to the top of an answer, focus on the question box.
(() => {
  const questionBox = () => document.querySelector("#dt-question textarea, #dt-question input");

  // Plotly draws the file itself, in the page: on paper, for the page's own ground is transparent.
  const savePicture = (chart, name) => {
    const button = chart?.querySelector('.modebar-btn[data-title*="Download"]');
    if (!button) return;
    const { paper_bgcolor, plot_bgcolor } = chart.layout;
    Object.assign(chart.layout, { paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff" });
    chart._context.toImageButtonOptions = { format: "png", filename: name, scale: 2 };
    button.click();
    Object.assign(chart.layout, { paper_bgcolor, plot_bgcolor });
  };

  // A chip's button is drawn anew with its answer: what was in use has the focus again once it is there.
  let wanted = null;
  const remember = (button) => {
    const { act, value } = button.dataset;
    const open = document.getElementById("dt-choices")?.dataset.of ?? "";
    if (act === "chip" && value) {
      const of = `#dt-choices[data-of="${CSS.escape(value)}"]`;
      wanted = { selectors: [`${of} input`, `${of} .dt-option`, `${of} [data-close]`] };
    } else if (act === "chip") {
      wanted = { selectors: [`[data-chip="${CSS.escape(open.split(" ")[0])}"][aria-expanded="false"]`] };
    } else if (act === "edit" || act === "drop" || act === "undo") {
      wanted = { ifLost: true, selectors: [".dt-lead .dt-chip-change", ".dt-lead button", ".dt-welcome button"] };
    } else {
      wanted = null;
    }
  };
  new MutationObserver(() => {
    if (!wanted || (wanted.ifLost && document.activeElement !== document.body)) return;
    const found = wanted.selectors.map((each) => document.querySelector(each)).find(Boolean);
    if (!found) return;
    wanted = null;
    found.focus({ preventScroll: true });
  }).observe(document.documentElement, { childList: true, subtree: true });
  document.addEventListener("focusin", () => { if (wanted?.ifLost) wanted = null; });  // somebody went on

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const source = document.getElementById(copy.dataset.copy);
      const text = source?.href ?? source?.textContent ?? "";
      try {
        await navigator.clipboard.writeText(text);
        copy.textContent = "Copied";
      } catch {
        copy.textContent = "Select the text and copy it";
      }
      setTimeout(() => { copy.textContent = "Copy"; }, 2000);
      return;
    }
    const picture = event.target.closest("[data-picture]");
    if (picture) {
      savePicture(document.querySelector(`#${picture.dataset.picture} .js-plotly-plot`), picture.dataset.name);
      return;
    }
    const act = event.target.closest("[data-act]");
    if (act) {
      if (act.dataset.act !== "chip") window.scrollTo({ top: 0 });
      remember(act);
      if (act.dataset.act === "try") setTimeout(() => questionBox()?.focus(), 400);
      if ("choice" in act.dataset) {
        act.closest("nav").querySelectorAll("[data-choice]").forEach((each) => each.removeAttribute("aria-current"));
        act.setAttribute("aria-current", "true");
      }
      if (act.dataset.act === "home" || act.dataset.act === "clear") questionBox()?.focus();
    }
    if (event.target.closest("#dt-send")) {
      window.scrollTo({ top: 0 });
      questionBox()?.focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelector('#dt-choices [data-close], #dt-lead [data-act="halt"]')?.click();
    if (event.key === "Enter" && event.target.id === "dt-sought") document.querySelector('[data-act="search"]')?.click();
    if (event.key === "Enter" && !event.shiftKey && event.target === questionBox()) window.scrollTo({ top: 0 });
  });

  // The catalog's search: an entry stays where each word is found in it.
  document.addEventListener("input", (event) => {
    const groups = document.getElementById(event.target.dataset?.filter ?? "");
    if (!groups) return;
    const sought = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    groups.querySelectorAll("[data-words]").forEach((entry) => {
      entry.hidden = !sought.every((word) => entry.dataset.words.includes(word));
      found += entry.hidden ? 0 : 1;
    });
    groups.querySelectorAll("[data-group]").forEach((group) => {
      group.hidden = !group.querySelector("[data-words]:not([hidden])");
    });
    const told = groups.parentElement.querySelector("[data-filtered]");
    if (told) told.textContent = sought.length ? `${found} of ${told.dataset.of} metrics` : `${told.dataset.of} metrics`;
  });

  // Gradio draws its parts late: name the box and mark the status line once they are there.
  const settle = new MutationObserver(() => {
    const box = questionBox();
    const status = document.getElementById("dt-status");
    if (!box || !status) return;
    box.setAttribute("aria-label", "Your question");
    box.setAttribute("enterkeyhint", "send");
    status.setAttribute("role", "status");
    status.setAttribute("aria-live", "polite");
    document.documentElement.lang = "en";
    settle.disconnect();
  });
  settle.observe(document.documentElement, { childList: true, subtree: true });
})();

"use strict";
// Keeps the list of filings up to date. The server renders every row, so that all escaping happens in one place: the
// stream only says that something came, and the rows are then fetched and put in.
(() => {
  const panel = document.getElementById("live");
  if (!panel || !window.EventSource) return;
  const state = document.getElementById("live-state");
  const arrivals = document.getElementById("arrivals");
  const pause = document.getElementById("pause");
  const FEWEST_MS = 500; // between two looks, however much comes
  let stream = null;
  let waiting = 0;
  let timer = null;
  let isLooking = false;
  let isAskedAgain = false;

  function say(words, kind) {
    state.textContent = words;
    state.className = `state ${kind}`;
  }

  function rowsOf(place) {
    return Array.from(place.querySelectorAll("tbody > tr"));
  }

  function putIn(fresh) {
    const list = document.getElementById("list");
    const known = new Map(rowsOf(list).map((row) => [row.id, row]));
    const came = rowsOf(fresh).filter((row) => !known.has(row.id));
    const body = list.querySelector("tbody");
    if (!body) {
      list.replaceChildren(...fresh.childNodes);
    } else {
      let place = body.firstElementChild;
      for (const row of rowsOf(fresh)) {
        const here = known.get(row.id);
        if (here && here.innerHTML !== row.innerHTML && !here.contains(document.activeElement)) {
          here.replaceChildren(...row.childNodes);
        }
        if (here && here === place) place = place.nextElementSibling;
        else body.insertBefore(here || row, place);
      }
      while (place) {
        const next = place.nextElementSibling;
        if (!place.contains(document.activeElement)) place.remove();
        place = next;
      }
    }
    for (const row of came) {
      const here = document.getElementById(row.id);
      here.classList.add("fresh");
      setTimeout(() => here.classList.remove("fresh"), 4000);
    }
    return came;
  }

  async function look() {
    if (isLooking) {
      isAskedAgain = true;
      return;
    }
    isLooking = true;
    try {
      const answer = await fetch(panel.dataset.rows, { headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.getElementById("glance").replaceWith(page.getElementById("glance"));
      const came = putIn(page.getElementById("list"));
      if (came.length) {
        const who = document.getElementById(came[0].id).querySelector(".who a").textContent;
        arrivals.textContent = `${came.length} new, the latest of ${who}`;
      }
      if (stream) say("live", "good");
    } catch (error) {
      say(`the list could not be renewed (${error.message})`, "bad");
    } finally {
      isLooking = false;
      if (isAskedAgain) {
        isAskedAgain = false;
        soon();
      }
    }
  }

  function soon() {
    if (timer === null) {
      timer = setTimeout(() => {
        timer = null;
        look();
      }, FEWEST_MS);
    }
  }

  function heard() {
    if (pause.getAttribute("aria-pressed") === "true") {
      waiting += 1;
      say(`paused, ${waiting} came since`, "warn");
    } else {
      soon();
    }
  }

  function follow() {
    stream = new EventSource(panel.dataset.stream);
    let wasLost = false;
    stream.onopen = () => {
      if (pause.getAttribute("aria-pressed") === "true") return;
      say("live", "good");
      if (wasLost) soon();
      wasLost = false;
    };
    stream.onerror = () => {
      wasLost = true;
      const isOver = stream.readyState === EventSource.CLOSED;
      say(isOver ? "not live: reload the page" : "connection lost, trying again", "bad");
    };
    for (const kind of ["filing", "alert", "reset", "message"]) stream.addEventListener(kind, heard);
  }

  pause.addEventListener("click", () => {
    const isPaused = pause.getAttribute("aria-pressed") !== "true";
    pause.setAttribute("aria-pressed", String(isPaused));
    if (isPaused) {
      waiting = 0;
      say("paused", "warn");
    } else {
      say("live", "good");
      soon();
    }
  });

  // A browser opens only a few connections to one place: a list that nobody looks at must not hold one of them.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && stream) {
      stream.close();
      stream = null;
    } else if (!document.hidden && !stream) {
      follow();
      heard();
    }
  });

  panel.hidden = false;
  if (!document.hidden) follow();
})();

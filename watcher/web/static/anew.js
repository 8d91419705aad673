"use strict";
// Tells who has a filing open that it was read again since, and leads to what is found now. What they read is left as
// it is, but after "Run it again": then what is found now is what they wait for.
(() => {
  const note = document.getElementById("anew");
  if (!note || !window.EventSource) return;
  let stream = null;

  function heard(event) {
    if (JSON.parse(event.data).accession !== note.dataset.accession) return;
    note.hidden = false;
    leave();
    const isAwaited = new URLSearchParams(location.search).get("done") === "retried";
    if (isAwaited) location.replace(note.querySelector("a").href);
  }

  function leave() {
    if (stream) stream.close();
    stream = null;
  }

  // A browser opens only a few connections to one place: a page that nobody looks at must not hold one of them.
  function look() {
    if (document.hidden) leave();
    else if (!stream && note.hidden) {
      stream = new EventSource(note.dataset.stream);
      stream.addEventListener("filing", heard);
    }
  }

  document.addEventListener("visibilitychange", look);
  look();
})();

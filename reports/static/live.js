// While a run goes on: ask the page's own server whether there is something new.
let version = null;
setInterval(async () => {
  try {
    const answer = await fetch("version", { cache: "no-store" });
    const now = await answer.text();
    if (version !== null && now !== version && document.activeElement?.id !== "filter") location.reload();
    version = now;
  } catch {
    /* the server is gone: what is shown stays */
  }
}, 2000);

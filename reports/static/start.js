// Start: show the page that the fragment names at once, then again when the cases are unpacked.
addEventListener("hashchange", draw);
addEventListener("keydown", onKey);
addEventListener("resize", markScrolling);
document.addEventListener("toggle", markScrolling, true);
byId("filter").addEventListener("input", typeFilter);
byId("help").addEventListener("click", () => byId("help-box").showModal());
byId("theme").addEventListener("click", switchTheme);
draw();
unpack()
  .then((data) => {
    report = build(data);
    draw();
    document.documentElement.dataset.ready = "true";
  })
  .catch((error) => {
    byId("main").prepend(
      h(
        "p",
        { class: "panel says bad" },
        `The cases in this page could not be unpacked (${error.message}). Overview, failures and expectations are complete without them.`,
      ),
    );
    document.documentElement.dataset.ready = "false";
  });

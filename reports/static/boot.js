document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("gradstone-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  /* storage is closed to pages opened from disk in some browsers; the system's theme holds then */
}

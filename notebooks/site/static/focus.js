// Code that is wider than a phone can be scrolled by keyboard, too.
document.addEventListener("DOMContentLoaded", () =>
  document.querySelectorAll("pre").forEach((block) => (block.tabIndex = 0)));

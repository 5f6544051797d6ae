// Code and tables that are wider than a phone can be scrolled by keyboard, too.
document.addEventListener("DOMContentLoaded", () =>
  document.querySelectorAll("pre, .table-wrapper").forEach((block) => (block.tabIndex = 0)));
